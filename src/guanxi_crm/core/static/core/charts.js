// Charts: `{% chart options %}` is drawn when it comes into the page, again when the theme changes, and let go when it leaves.
// The drawing itself is the report's (vendor/drawing.js); ECharts is loaded by the first page that has a chart.
"use strict";

(() => {
  const drawn = new Map();
  let libraries;

  const load = (url) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });

  function loadLibraries() {
    const { echarts, drawing } = document.body.dataset;
    libraries ??= load(echarts).then(() => load(drawing));
    return libraries;
  }

  function palette() {
    const style = getComputedStyle(document.documentElement);
    const names = style.getPropertyValue("--chart-colours").split(/[\s"]+/).filter(Boolean);
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--chart-${name}`).trim()]));
  }

  const within = (object, name) => (object[name] ??= {});

  /* What an option leaves open is filled in as the report's charts have it. */
  function dress(option) {
    option.color ??= [1, 2, 3, 4, 5, 6].map((number) => `@series-${number}`);
    option.series = [option.series].flat();
    for (const axis of [option.xAxis ?? [], option.yAxis ?? []].flat()) {
      within(axis, "axisLabel").color ??= "@ink-soft";
      within(within(axis, "axisLine"), "lineStyle").color ??= "@line-strong";
      within(within(axis, "splitLine"), "lineStyle").color ??= "@line";
    }
    if (option.xAxis) option.grid ??= { left: 4, right: 12, top: option.legend ? 40 : 16, bottom: 4, containLabel: true };
    if (option.legend) within(option.legend, "textStyle").color ??= "@ink-soft";
    if (option.tooltip) {
      // The library's own tooltip is markup with styles in it, which the content security policy forbids.
      option.tooltip.formatter ??= "@tip";
      option.tooltip.backgroundColor ??= "@paper";
      option.tooltip.borderColor ??= "@line";
    }
    return option;
  }

  function draw(element) {
    drawn.get(element)?.dispose();
    const whole = dress(JSON.parse(element.querySelector('script[type="application/json"]').textContent));
    // Of a web only the links that are at least so strong, where the page says so.
    const option = element.dataset.least === undefined ? whole : guanxiCharts.fromLeast(whole, Number(element.dataset.least));
    const canvas = element.querySelector(".chart-canvas");
    drawn.set(element, guanxiCharts.draw(canvas, option, { locale: document.documentElement.lang, palette: palette() }));
  }

  // A chart in a part that is folded away has no width yet, and is drawn when it gets one.
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (drawn.has(target)) drawn.get(target).resize();
      else if (target.clientWidth) draw(target);
    }
  });

  async function drawAll(root) {
    const found = [...root.querySelectorAll("[data-chart]")].filter((element) => !drawn.has(element));
    if (root.matches?.("[data-chart]") && !drawn.has(root)) found.push(root);
    if (!found.length) return;
    for (const element of found) element.style.height = `${element.dataset.height}px`;
    await loadLibraries();
    for (const element of found) {
      if (element.isConnected && !drawn.has(element)) resized.observe(element);
    }
  }

  function letGo(root) {
    for (const [element, chart] of drawn) {
      if (!root.contains(element)) continue;
      resized.unobserve(element);
      chart.dispose();
      drawn.delete(element);
    }
  }

  document.addEventListener("DOMContentLoaded", () => drawAll(document.body));
  document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
  document.addEventListener("chart-changed", (event) => { if (drawn.has(event.target)) draw(event.target); });
  document.addEventListener("htmx:beforeCleanupElement", (event) => letGo(event.detail.elt));
  new MutationObserver(() => {
    for (const element of drawn.keys()) draw(element);
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
