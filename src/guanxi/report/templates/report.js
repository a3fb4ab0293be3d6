/* The report: draws its charts in the reader's colours and size, also on paper, and sorts tables. */
(function () {
  "use strict";

  const { locale, palette, charts } = JSON.parse(document.getElementById("report-data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawn = new Map();
  let printing = false;

  function colours() {
    return dark.matches && !printing ? palette.dark : palette.light;
  }

  function draw(element) {
    const { option, height, minWidth, slider, step } = charts[element.dataset.chart];
    element.style.height = `${height * (printing ? 0.85 : 1)}px`;
    element.style.minWidth = printing ? "" : `${minWidth}px`;
    drawn.get(element)?.dispose();
    /* Paper has no slider, and shows all. */
    const shown = slider && !printing ? guanxiCharts.fromLeast(option, slider.least[step ?? 0]) : option;
    drawn.set(element, guanxiCharts.draw(element, shown, { locale, palette: colours() }));
  }

  /* A chart needs its width: at the first moment the page may not be laid out yet. */
  function drawAll() {
    const elements = [...document.querySelectorAll("[data-chart]")];
    if (elements.some((element) => element.clientWidth === 0)) {
      requestAnimationFrame(drawAll);
      return;
    }
    elements.forEach(draw);
    document.documentElement.dataset.ready = "";
  }

  /* On paper the page has another width and always the light colours. */
  function print(starts) {
    printing = starts;
    document.documentElement.classList.toggle("printing", starts);
    drawAll();
  }

  function slide(input) {
    const chart = charts[input.dataset.slides];
    const says = input.parentElement.querySelector("output");
    const set = () => {
      chart.step = Number(input.value);
      says.textContent = chart.slider.says[chart.step];
      input.setAttribute("aria-valuetext", says.textContent);
    };
    input.addEventListener("input", () => {
      set();
      draw(document.querySelector(`[data-chart="${input.dataset.slides}"]`));
    });
    set();
    input.parentElement.hidden = false;
  }

  function search(input) {
    const rows = [...document.querySelector(`[aria-labelledby="${input.dataset.searches}"] tbody`).rows];
    const texts = rows.map((row) => row.textContent.toLocaleLowerCase(locale));
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLocaleLowerCase(locale).split(/\s+/);
      rows.forEach((row, at) => { row.hidden = !wanted.every((word) => texts[at].includes(word)); });
    });
    input.parentElement.hidden = false;
  }

  function sortable(table) {
    const headings = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const order = [...body.rows];
    headings.forEach((heading, index) => {
      heading.querySelector("button").addEventListener("click", () => {
        const was = heading.getAttribute("aria-sort");
        const numeric = order.some((row) => row.cells[index].dataset.sort !== undefined);
        /* Numbers begin with the largest, names with the first. A third click gives back the order of the report. */
        const first = numeric ? "descending" : "ascending";
        const second = numeric ? "ascending" : "descending";
        const now = was === null ? first : was === first ? second : null;
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        if (now) heading.setAttribute("aria-sort", now);
        const sign = now === "descending" ? -1 : 1;
        const rows = now ? [...order].sort((a, b) => compare(a.cells[index], b.cells[index], numeric, sign)) : order;
        body.append(...rows);
      });
    });
  }

  function compare(a, b, numeric, sign) {
    if (!numeric) return sign * a.textContent.localeCompare(b.textContent, locale);
    const [left, right] = [a.dataset.sort, b.dataset.sort];
    /* What is missing stands last, whichever way. */
    if (left === undefined || right === undefined) return (left === undefined) - (right === undefined);
    return sign * (left - right);
  }

  function followContents() {
    const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash.slice(1), a]));
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        links.forEach((link) => link.removeAttribute("aria-current"));
        links.get(entry.target.id)?.setAttribute("aria-current", "true");
      }
    }, { rootMargin: "-20% 0px -70% 0px" });
    document.querySelectorAll("main > section").forEach((section) => watcher.observe(section));
  }

  /* Open without scripts, folded with them. */
  document.querySelectorAll("details.numbers").forEach((details) => { details.open = false; });
  document.querySelectorAll("table").forEach(sortable);
  document.querySelectorAll("[data-slides]").forEach(slide);
  document.querySelectorAll("[data-searches]").forEach(search);
  drawAll();
  followContents();
  dark.addEventListener("change", drawAll);
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  let waiting;
  let width = innerWidth;
  addEventListener("resize", () => {
    /* A telephone also says so when its address bar comes and goes. */
    if (innerWidth === width) return;
    width = innerWidth;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(drawAll);
  });
})();
