// Keys on a customer's page: j and k for the next and the previous customer of the list, e to edit him, n for a note,
// t for a task, h to hand him over. The list of keys ("?") tells them, too.
"use strict";

(() => {
  const follow = (selector) => document.querySelector(selector)?.click();
  const ACTS = {
    j: () => follow(".neighbours [rel=next]"),
    k: () => follow(".neighbours [rel=prev]"),
    e: () => follow("[data-key-edit]"),
    n: () => document.getElementById("note_text")?.focus(),
    t: () => {
      const title = document.getElementById("task_title");
      if (!title) return;
      title.closest("details").open = true;
      title.focus();
    },
    h: () => follow("[data-key-hand-over]"),
  };
  document.addEventListener("DOMContentLoaded", () => {
    const keys = document.querySelector("#keyboard .keys");
    const own = document.querySelector("template[data-keys]");
    if (keys && own) keys.append(own.content.cloneNode(true));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || guanxiKeys.isTyping(event)) return;
    const act = ACTS[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
})();
