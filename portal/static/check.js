// SPDX-License-Identifier: Apache-2.0
// The page that checks one ID: the check character at once, a dropped file's SHA-256, printing.
// Nothing here is needed: the server checks the ID again, and a digest can be pasted.
(function () {
  "use strict";

  // IDs: Crockford's base 32 and one check character over GF(32), as poa/id.go has it.
  var alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

  function plainID(text) {
    return text.normalize("NFKC").toUpperCase().replace(/[\s\-_.,・、。\/ー\u2010-\u2015\u2212\uFF70]/g, "").replace(/[IL]/g, "1").replace(/O/g, "0");
  }

  function multiply(a, b) {
    var product = 0;
    for (var i = 0; i < 5; i++) {
      if (b & 1) product ^= a;
      b >>= 1;
      a <<= 1;
      if (a & 32) a ^= 37; // x⁵ + x² + 1
    }
    return product;
  }

  function idFits(id) {
    var sum = 0, weight = 1;
    for (var i = 0; i < id.length; i++) {
      var value = alphabet.indexOf(id[i]);
      if (value < 0) return false;
      sum ^= multiply(value, weight);
      weight = multiply(weight, 2);
    }
    return id.length === 25 && sum === 0;
  }

  function watchID(input, out) {
    function say() {
      var id = plainID(input.value), foreign = Array.from(id).some(function (c) { return alphabet.indexOf(c) < 0; });
      out.hidden = id === "";
      out.querySelector(".group-id").textContent = (id.slice(0, 40).match(/.{1,5}/g) || []).join("-");
      var state = foreign || id.length > 25 || (id.length === 25 && !idFits(id)) ? "wrong" : id.length === 25 ? "right" : "short";
      if (out.dataset.state === state) return;
      out.dataset.state = state;
      out.querySelector(".said").textContent = out.dataset[state];
    }
    input.addEventListener("input", say);
    say();
  }

  // SHA-256 (FIPS 180-4) piece by piece: crypto.subtle takes a whole file at once only.
  var primes = [], n = 2;
  while (primes.length < 64) {
    if (primes.every(function (p) { return n % p; })) primes.push(n);
    n++;
  }
  function fraction(x) { return ((x - Math.floor(x)) * 4294967296) | 0; }
  var K = primes.map(function (p) { return fraction(Math.cbrt(p)); });

  function Sha256() {
    this.h = primes.slice(0, 8).map(function (p) { return fraction(Math.sqrt(p)); });
    this.rest = new Uint8Array(0);
    this.length = 0;
    this.w = new Int32Array(64);
  }
  function rotate(x, by) { return (x >>> by) | (x << (32 - by)); }
  Sha256.prototype.block = function (view, at) {
    var w = this.w, h = this.h, i;
    for (i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    for (i = 16; i < 64; i++) {
      var a = w[i - 15], b = w[i - 2];
      w[i] = (w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)) + w[i - 7] + (rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10))) | 0;
    }
    var s = h.slice();
    for (i = 0; i < 64; i++) {
      var t1 = (s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + K[i] + w[i]) | 0;
      var t2 = ((rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]))) | 0;
      s[7] = s[6]; s[6] = s[5]; s[5] = s[4]; s[4] = (s[3] + t1) | 0;
      s[3] = s[2]; s[2] = s[1]; s[1] = s[0]; s[0] = (t1 + t2) | 0;
    }
    for (i = 0; i < 8; i++) h[i] = (h[i] + s[i]) | 0;
  };
  Sha256.prototype.add = function (bytes) {
    this.length += bytes.length;
    if (this.rest.length) {
      var joined = new Uint8Array(this.rest.length + bytes.length);
      joined.set(this.rest);
      joined.set(bytes, this.rest.length);
      bytes = joined;
    }
    var view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at = 0;
    for (; at + 64 <= bytes.length; at += 64) this.block(view, at);
    this.rest = bytes.slice(at);
  };
  Sha256.prototype.hex = function () {
    var bits = this.length, tail = new Uint8Array(this.rest.length < 56 ? 64 : 128);
    tail.set(this.rest);
    tail[this.rest.length] = 0x80;
    var view = new DataView(tail.buffer);
    view.setUint32(tail.length - 8, Math.floor(bits / 536870912));
    view.setUint32(tail.length - 4, (bits * 8) >>> 0);
    for (var at = 0; at < tail.length; at += 64) this.block(view, at);
    return this.h.map(function (x) { return (x >>> 0).toString(16).padStart(8, "0"); }).join("");
  };

  var whole = 8 << 20, piece = 1 << 20;

  async function digestOf(file, progress) {
    if (file.size <= whole && window.crypto && crypto.subtle) {
      var sum = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
      return Array.from(new Uint8Array(sum), function (b) { return b.toString(16).padStart(2, "0"); }).join("");
    }
    var sha = new Sha256();
    for (var at = 0; at < file.size; at += piece) {
      sha.add(new Uint8Array(await file.slice(at, at + piece).arrayBuffer()));
      progress(Math.min(1, (at + piece) / file.size));
    }
    return sha.hex();
  }

  function offerDrop(box) {
    var input = box.querySelector("input[type=file]"), bar = box.querySelector("progress"), word = box.querySelector("[role=status]"), turn = 0;
    box.hidden = false;
    async function take(file) {
      if (!file) return;
      var mine = ++turn;
      bar.hidden = false;
      bar.value = 0;
      word.textContent = box.dataset.progress;
      try {
        var hex = await digestOf(file, function (part) { if (mine === turn) bar.value = part; });
        if (mine !== turn) return; // another file was chosen meanwhile
        document.getElementById(input.dataset.into).value = hex;
        word.textContent = box.dataset.done + " " + file.name;
      } catch {
        if (mine === turn) word.textContent = box.dataset.failed;
      }
      if (mine === turn) bar.hidden = true;
    }
    input.addEventListener("change", function () { take(input.files[0]); });
    ["dragenter", "dragover"].forEach(function (name) {
      box.addEventListener(name, function (event) { event.preventDefault(); box.classList.add("over"); });
    });
    box.addEventListener("dragleave", function () { box.classList.remove("over"); });
    box.addEventListener("drop", function (event) {
      event.preventDefault();
      box.classList.remove("over");
      take(event.dataTransfer.files[0]);
    });
  }

  var form = document.querySelector("form[data-check]");
  if (form) {
    watchID(form.querySelector("[name=delegationId]"), document.getElementById("id-read"));
    form.querySelectorAll("[data-drop]").forEach(offerDrop);
  }
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
})();
