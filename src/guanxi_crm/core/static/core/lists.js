// Keys in lists: a [data-list] holds [data-row] with data-url and perhaps data-edit-url and a checkbox [data-select].
// Off while somebody types or a dialog is open. "?" tells the keys.
"use strict";

window.guanxiKeys = {
  isTyping: (event) =>
    event.isComposing || event.target.closest("input, textarea, select, [contenteditable]") !== null
    || document.querySelector("dialog[open], .modal.show, .offcanvas.show") !== null,
};

(() => {
  let current;
  const rows = () => [...document.querySelectorAll("[data-list] [data-row]")];

  function moveTo(row) {
    current?.classList.remove("is-current");
    current = row;
    row.classList.add("is-current");
    // Focus goes along, so that a screen reader says which line it is.
    const link = row.querySelector("a[href]") ?? row;
    link.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const here = all.indexOf(current);
    moveTo(all[Math.min(Math.max(here + by, 0), all.length - 1)]);
  }

  const go = (url) => { if (url) location.assign(url); };

  function select() {
    const box = current?.querySelector("[data-select]");
    box?.click();
  }

  function help() {
    document.getElementById("keyboard")?.showModal();
  }

  const ACTS = {
    j: () => step(1),
    k: () => step(-1),
    x: select,
    e: () => go(current?.dataset.editUrl),
    Enter: () => go(current?.dataset.url),
    "?": help,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || guanxiKeys.isTyping(event)) return;
    if (current && !current.isConnected) current = undefined;
    // Enter on a link or button is theirs.
    if (event.key === "Enter" && (!current || event.target.closest("a, button"))) return;
    const act = ACTS[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keyboard-help]")) help();
    // The whole line leads to its record; what is within it keeps its own meaning.
    const row = event.target.closest("[data-list] [data-row][data-url]");
    if (row && !event.target.closest("a, button, input, label, select, summary") && !getSelection().toString()) go(row.dataset.url);
  });
})();
