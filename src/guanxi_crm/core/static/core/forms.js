// Forms: asking before what cannot be undone, sending by themselves, not losing what was typed.
//
//   data-confirm="sentence"   on a form, button or link: asks first; data-confirm-yes names the button
//   data-autosubmit           on a control or form: sends the form when a value is chosen
//   data-guard                on a form: asks before the page is left with changes unsaved
"use strict";

(() => {
  const agreed = new WeakSet();

  function ask(sentence, yes) {
    const dialog = document.getElementById("confirm");
    const button = dialog.querySelector("[data-yes]");
    dialog.querySelector(".confirm-question").textContent = sentence;
    button.textContent = yes || button.dataset.yes;
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  document.addEventListener(
    "click",
    async (event) => {
      const asking = event.target.closest("button[data-confirm], a[data-confirm]");
      if (!asking || agreed.delete(asking) || asking.matches("[hx-get], [hx-post], [hx-put], [hx-delete]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (await ask(asking.dataset.confirm, asking.dataset.confirmYes)) {
        agreed.add(asking);
        asking.click();
      }
    },
    true,
  );

  document.addEventListener(
    "submit",
    async (event) => {
      const form = event.target;
      if (!form.dataset.confirm || agreed.delete(form) || form.matches("[hx-post], [hx-get]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event;
      if (await ask(form.dataset.confirm, form.dataset.confirmYes)) {
        agreed.add(form);
        form.requestSubmit(submitter);
      }
    },
    true,
  );

  document.addEventListener("htmx:confirm", async (event) => {
    const asking = event.detail.elt.closest("[data-confirm]");
    if (!asking) return;
    event.preventDefault();
    if (await ask(asking.dataset.confirm, asking.dataset.confirmYes)) event.detail.issueRequest(true);
  });

  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-autosubmit]")) event.target.form?.requestSubmit();
  });

  const changed = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) changed.add(form);
  });
  document.addEventListener("submit", (event) => changed.delete(event.target));
  window.addEventListener("beforeunload", (event) => {
    if ([...changed].some((form) => form.isConnected)) event.preventDefault();
  });
})();
