// SPDX-License-Identifier: Apache-2.0
// Passkeys: a form with data-passkey="create" or "get" asks the server for options,
// the browser for a passkey, and sends what it answered in its field "response".
(function () {
  "use strict";

  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (c) { return c.charCodeAt(0); });
  }

  function text(buffer) {
    var plain = "";
    new Uint8Array(buffer).forEach(function (b) { plain += String.fromCharCode(b); });
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function known(list) {
    return (list || []).map(function (each) { return Object.assign({}, each, { id: bytes(each.id) }); });
  }

  function create(options) {
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = known(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }

  function get(options) {
    options.challenge = bytes(options.challenge);
    options.allowCredentials = known(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  }

  // What the browser answered, as the server reads it.
  function answer(credential) {
    var from = credential.response, to = { clientDataJSON: text(from.clientDataJSON) };
    if (from.attestationObject) {
      to.attestationObject = text(from.attestationObject);
      to.transports = from.getTransports ? from.getTransports() : [];
    } else {
      to.authenticatorData = text(from.authenticatorData);
      to.signature = text(from.signature);
      if (from.userHandle) to.userHandle = text(from.userHandle);
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: to, clientExtensionResults: {} });
  }

  // Which of the form's messages tells what went wrong.
  function reason(error) {
    if (error && error.name === "InvalidStateError") return "twice";
    if (error && (error.name === "NotAllowedError" || error.name === "AbortError")) return "cancelled";
    if (error && (error.name === "SecurityError" || error.name === "NotSupportedError")) return "unsupported";
    return "failed";
  }

  document.querySelectorAll("form[data-passkey]").forEach(function (form) {
    var message = form.querySelector("[data-passkey-message]"), button = form.querySelector("button[type=submit]");
    function say(which) { message.textContent = which ? form.dataset[which] : ""; }
    form.hidden = false;
    var first = form.querySelector("[autofocus]"); // could not take the focus while it was hidden
    if (first) first.focus();
    if (!window.PublicKeyCredential || !navigator.credentials) {
      button.disabled = true;
      say("unsupported");
      return;
    }
    form.addEventListener("submit", function (event) {
      var field = form.elements.namedItem("response");
      if (field.value) return; // answered: let it go
      event.preventDefault();
      say("waiting");
      button.disabled = true;
      fetch(form.dataset.options, { method: "POST", credentials: "same-origin" }).then(function (response) {
        if (!response.ok) throw new Error("options");
        return response.json();
      }).then(function (options) {
        return form.dataset.passkey === "create" ? create(options.publicKey) : get(options.publicKey);
      }).then(function (credential) {
        field.value = answer(credential);
        form.submit();
      }).catch(function (error) {
        button.disabled = false;
        say(reason(error));
      });
    });
  });
})();
