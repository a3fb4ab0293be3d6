// The list of customers: select all on the page, and say how many are selected.
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

  document.addEventListener("change", (event) => {
    if (event.target.matches("#list [data-select-all]")) {
      for (const box of boxes()) box.checked = event.target.checked;
      tell();
    } else if (event.target.matches("#list [data-select]")) tell();
  });
  // A browser that goes back remembers what was checked.
  window.addEventListener("pageshow", tell);
  document.addEventListener("htmx:afterSwap", tell);
})();
