// SPDX-License-Identifier: Apache-2.0
// The queue with the arrow keys: where script runs, a list of rows is one stop
// of the tab key, and arrows, Home and End move within it while it has the
// focus. Without script every row is a stop of its own. No key does anything
// while the focus is elsewhere (WCAG 2.1.4).
(function () {
  "use strict";

  function moves(key, at, last) {
    switch (key) {
      case "ArrowDown": return Math.min(at + 1, last);
      case "ArrowUp": return Math.max(at - 1, 0);
      case "Home": return 0;
      case "End": return last;
      default: return -1;
    }
  }

  document.querySelectorAll("[data-rows]").forEach(function (list) {
    var stops = Array.from(list.querySelectorAll("a[data-row]"));
    if (!stops.length) return;
    function only(stop) {
      stops.forEach(function (each) { each.tabIndex = each === stop ? 0 : -1; });
    }
    only(stops[0]);
    list.addEventListener("focusin", function (event) {
      if (stops.indexOf(event.target) >= 0) only(event.target);
    });
    list.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      var at = stops.indexOf(event.target);
      if (at < 0) return;
      var to = moves(event.key, at, stops.length - 1);
      if (to < 0) return;
      event.preventDefault();
      only(stops[to]);
      stops[to].focus();
    });
  });
})();
