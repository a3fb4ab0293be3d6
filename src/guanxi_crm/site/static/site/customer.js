// Keys on a customer's page: j and k for the next and the previous customer, e to edit him, n for a note.
"use strict";

(() => {
  const follow = (selector) => document.querySelector(selector)?.click();
  const ACTS = {
    j: () => follow(".neighbours [rel=next]"),
    k: () => follow(".neighbours [rel=prev]"),
    e: () => follow("[data-key-edit]"),
    n: () => document.getElementById("note_text")?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || guanxiKeys.isTyping(event)) return;
    const act = ACTS[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
})();
