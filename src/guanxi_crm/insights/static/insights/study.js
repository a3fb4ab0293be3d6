// Tables of a study are sorted by their headings, and a web of products is cleared of its weak lines by a slider.
"use strict";

(() => {
  const locale = document.documentElement.lang;

  /* Numbers begin with the largest, names with the first. A third click gives back the order of the study. */
  function sortable(table) {
    const headings = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const order = [...body.rows];
    headings.forEach((heading, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "table-sort";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const cells = order.map((row) => row.cells[place]);
        const isNumeric = cells.some((cell) => cell.dataset.sort !== undefined);
        const [first, second] = isNumeric ? ["descending", "ascending"] : ["ascending", "descending"];
        const was = heading.getAttribute("aria-sort");
        const now = was === null ? first : was === first ? second : null;
        for (const each of headings) {
          each.removeAttribute("aria-sort");
          each.querySelector("button").classList.remove("asc", "desc");
        }
        if (now) {
          heading.setAttribute("aria-sort", now);
          button.classList.add(now === "ascending" ? "asc" : "desc");
        }
        const sign = now === "descending" ? -1 : 1;
        const compared = (one, other) => compare(one.cells[place], other.cells[place], isNumeric, sign);
        body.append(...(now ? [...order].sort(compared) : order));
      });
    });
  }

  function compare(one, other, isNumeric, sign) {
    if (!isNumeric) return sign * one.textContent.localeCompare(other.textContent, locale, { numeric: true });
    const [left, right] = [one.dataset.sort, other.dataset.sort];
    // What is missing stands last, whichever way.
    if (left === undefined || right === undefined) return (left === undefined) - (right === undefined);
    return sign * (left - right);
  }

  function slides(control) {
    const input = control.querySelector("input");
    const says = control.querySelector("output");
    const chart = control.closest("figure").querySelector("[data-chart]");
    const slider = JSON.parse(control.querySelector("script").textContent);
    const set = () => {
      says.textContent = slider.says[input.value];
      input.setAttribute("aria-valuetext", says.textContent);
      chart.dataset.least = slider.least[input.value];
      chart.dispatchEvent(new CustomEvent("chart-changed", { bubbles: true }));
    };
    input.addEventListener("input", set);
    set();
    control.hidden = false;
  }

  document.querySelectorAll("[data-sortable]").forEach(sortable);
  document.querySelectorAll("[data-slides]").forEach(slides);
})();
