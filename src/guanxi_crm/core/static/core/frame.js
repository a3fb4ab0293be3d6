// The frame: what is said in passing, what went wrong with a part of the page, and the name of the shortcut on this machine.
"use strict";

(() => {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

  function showToasts() {
    for (const toast of document.querySelectorAll("#toasts [data-toast]:not(.show)")) {
      // One that can be taken back stays long enough to be read and thought about; what went wrong stays until it is closed.
      const delay = toast.querySelector("form") ? 12000 : 5000;
      tabler.Toast.getOrCreateInstance(toast, { delay, autohide: !("stays" in toast.dataset) }).show();
      toast.addEventListener("hidden.bs.toast", () => toast.remove());
    }
  }

  /* The server answers with a sentence in an alert; where it could not, the page's own says that nothing was reached. */
  function showProblem(answer) {
    const template = document.getElementById("toast-problem");
    const toast = template.content.cloneNode(true);
    const told = new DOMParser().parseFromString(answer ?? "", "text/html").querySelector('[role="alert"], h1');
    toast.querySelector("[data-sentence]").textContent = told?.textContent.trim() || template.dataset.unreachable;
    document.getElementById("toasts").append(toast);
    showToasts();
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const key of document.querySelectorAll("[data-shortcut]")) key.textContent = isMac ? "⌘ K" : "Ctrl K";
    showToasts();
  });
  document.addEventListener("htmx:oobAfterSwap", showToasts);
  document.addEventListener("htmx:responseError", (event) => showProblem(event.detail.xhr.responseText));
  document.addEventListener("htmx:sendError", () => showProblem());
})();
