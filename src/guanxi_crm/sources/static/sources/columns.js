// What a column means is chosen by its short name; below stands what that is exactly.
"use strict";

(() => {
  function tell(select) {
    const hint = document.querySelector(`[data-about-of="${CSS.escape(select.name)}"]`);
    const chosen = select.selectedOptions[0];
    const about = chosen.dataset.about ?? "";
    if (hint) hint.textContent = about === chosen.textContent ? "" : about;
  }

  function tellAll(root) {
    root.querySelectorAll?.("select[name^=role-]").forEach(tell);
  }

  tellAll(document);
  document.addEventListener("change", (event) => { if (event.target.matches("select[name^=role-]")) tell(event.target); });
  // The page of an import that was looked at meanwhile comes in part.
  document.addEventListener("htmx:load", (event) => tellAll(event.detail.elt));
})();
