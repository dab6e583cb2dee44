// SPDX-License-Identifier: Apache-2.0
// What pages gain where script runs; none of them needs it.
(function () {
  "use strict";

  // Buttons that copy the text of the element they name.
  function offerCopies(root) {
    if (!navigator.clipboard) return;
    root.querySelectorAll("button[data-copy]").forEach(function (button) {
      button.hidden = false;
    });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button[data-copy]");
    if (!button) return;
    var source = document.getElementById(button.dataset.copy);
    navigator.clipboard.writeText(source.textContent).then(function () {
      var label = button.textContent;
      button.textContent = button.dataset.copied;
      setTimeout(function () { button.textContent = label; }, 2000);
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
})();
