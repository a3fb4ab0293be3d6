// The list of customers: select all on the page, say how many are selected, narrow the choices of a filter by typing.
"use strict";

(() => {
  const boxes = () => [...document.querySelectorAll("#list [data-select]")];

  function tell() {
    const all = boxes();
    const selected = all.filter((box) => box.checked).length;
    const whole = document.querySelector("#list [data-select-all]");
    if (whole) {
      whole.checked = selected > 0 && selected === all.length;
      whole.indeterminate = selected > 0 && selected < all.length;
    }
    const count = document.querySelector("#list [data-selected-count]");
    if (!count) return;
    count.hidden = selected === 0;
    count.textContent = String(selected);
    const button = count.closest("button");
    const label = button.querySelector("[data-bulk-label]");
    label.dataset.plain ??= label.textContent;
    label.textContent = selected ? button.dataset.selectedLabel : label.dataset.plain;
  }

  /* Of many choices those that have what was typed, and those that are chosen already. */
  function narrow(input) {
    const wanted = input.value.trim().toLowerCase();
    for (const choice of document.querySelectorAll(`#${input.dataset.narrows} .form-check`)) {
      choice.hidden = !choice.textContent.toLowerCase().includes(wanted) && !choice.querySelector("input").checked;
    }
  }

  /* Who fills in to what, means that action; a tag is needed where one is to be put on. */
  function chooseAction(form, value) {
    const action = form.querySelector(`[name="action"][value="${value}"]`);
    if (action) action.checked = true;
    for (const field of form.querySelectorAll('[data-chooses="tag"]')) field.required = value === "tag";
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-narrows]")) narrow(event.target);
    else if (event.target.matches("[data-chooses]")) chooseAction(event.target.form, event.target.dataset.chooses);
  });
  // Enter in the field that narrows is not "apply".
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-narrows]")) event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches('#list-panel [name="action"]')) chooseAction(event.target.form, event.target.value);
    if (event.target.matches("#list [data-select-all]")) {
      for (const box of boxes()) box.checked = event.target.checked;
      tell();
    } else if (event.target.matches("#list [data-select]")) tell();
  });
  /* The command bar has led here to export. */
  function offerExport() {
    const button = document.querySelector("#list #export [data-bs-toggle]");
    if (location.hash === "#export" && button) tabler.Dropdown.getOrCreateInstance(button).show();
  }

  // A browser that goes back remembers what was checked.
  window.addEventListener("pageshow", () => { tell(); offerExport(); });
  window.addEventListener("hashchange", offerExport);
  document.addEventListener("htmx:afterSwap", tell);
})();
