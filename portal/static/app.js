// SPDX-License-Identifier: Apache-2.0
// What pages gain where script runs; none of them needs it.
(function () {
  "use strict";

  // Buttons that copy the text of the element they name, or that stands before them.
  function offerCopies(root) {
    if (!navigator.clipboard) return;
    root.querySelectorAll("button.copy").forEach(function (button) {
      button.hidden = false;
    });
  }

  // Says something to who does not see the page; an empty moment lets the same words be said again.
  function say(text) {
    var place = document.getElementById("said");
    if (!place) return;
    place.textContent = "";
    setTimeout(function () { place.textContent = text; }, 50);
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button.copy");
    if (!button || button.dataset.label) return;
    var source = button.dataset.copy ? document.getElementById(button.dataset.copy) : button.previousElementSibling;
    navigator.clipboard.writeText(source.textContent).then(function () {
      button.dataset.label = button.textContent;
      button.textContent = button.dataset.copied;
      say(button.dataset.copied);
      setTimeout(function () { button.textContent = button.dataset.label; delete button.dataset.label; }, 2000);
    });
  });

  // The SHA-256 of a chosen file, worked out here: the file is never sent.
  function offerDigests() {
    if (!window.crypto || !crypto.subtle) return;
    document.querySelectorAll("input[data-digest]").forEach(function (input) {
      input.closest("[hidden]").hidden = false;
      input.addEventListener("change", function () {
        if (!input.files.length) return;
        input.files[0].arrayBuffer().then(function (bytes) {
          return crypto.subtle.digest("SHA-256", bytes);
        }).then(function (sum) {
          var hex = Array.from(new Uint8Array(sum), function (b) { return b.toString(16).padStart(2, "0"); }).join("");
          document.getElementById(input.dataset.digest).value = hex;
        });
      });
    });
  }

  offerCopies(document);
  offerDigests();
  document.addEventListener("htmx:load", function (event) { offerCopies(event.target); });

  // After part of a page was replaced, whoever used what is gone goes on where it was.
  document.addEventListener("htmx:afterSwap", function (event) {
    if (document.activeElement && document.activeElement !== document.body) return;
    var place = event.detail.target;
    if (!place || !place.isConnected) place = document.getElementById("main");
    if (!place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
    place.focus({ preventScroll: true });
  });
})();
