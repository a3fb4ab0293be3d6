// The frame: toasts, and the name of the shortcut on this machine.
"use strict";

(() => {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

  function showToasts(root) {
    for (const toast of root.querySelectorAll("[data-toast]:not(.show)")) {
      // One that can be taken back stays long enough to be read and thought about.
      tabler.Toast.getOrCreateInstance(toast, { delay: toast.querySelector("form") ? 12000 : 5000 }).show();
      toast.addEventListener("hidden.bs.toast", () => toast.remove());
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const key of document.querySelectorAll("[data-shortcut]")) key.textContent = isMac ? "⌘ K" : "Ctrl K";
    showToasts(document);
  });
  document.addEventListener("htmx:oobAfterSwap", () => showToasts(document));
})();
