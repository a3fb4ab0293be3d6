/* Draws the options of guanxi.report.charts: fills in what begins with "@" (colours, written numbers, tooltips).
 * One function for the report and for the application: guanxiCharts.draw(element, option, {locale, palette}). */
(function (global) {
  "use strict";

  const COLOUR_KEYS = new Set(["color", "borderColor", "backgroundColor"]);
  const FORMAT_KEYS = new Set(["formatter", "valueFormatter"]);

  function writers(locale) {
    const kept = new Map();
    const intl = (settings) => {
      const key = JSON.stringify(settings);
      if (!kept.has(key)) kept.set(key, new Intl.NumberFormat(locale, settings));
      return kept.get(key);
    };
    const digits = (least, most) => ({ minimumFractionDigits: least, maximumFractionDigits: most });
    return function write(number, kind, short) {
      if (number === null || number === undefined || number === "" || Number.isNaN(Number(number))) return "–";
      const value = Number(number);
      if (kind === "percent") return intl({ style: "percent", ...digits(0, short ? 0 : 1) }).format(value);
      const currency = kind.startsWith("money:") ? { style: "currency", currency: kind.slice(6) } : {};
      const large = Math.abs(value) >= 10000;
      if (short && large) {
        return intl({ ...currency, notation: "compact", minimumFractionDigits: 0, maximumSignificantDigits: 3 }).format(value);
      }
      if (kind.startsWith("money:")) {
        const whole = Math.abs(value) >= 1000 || (short && Number.isInteger(value));
        return intl(whole ? { ...currency, ...digits(0, 0) } : currency).format(value);
      }
      // Of shares and errors below 1 one decimal would leave nothing to compare.
      return intl(digits(0, kind !== "number" ? 0 : Math.abs(value) < 1 ? 2 : 1)).format(value);
    };
  }

  /* The number of an item: the last of [x, y, value]. */
  function numberOf(item) {
    const value = item !== null && typeof item === "object" ? item.value : item;
    return Array.isArray(value) ? value[value.length - 1] : value;
  }

  function formatter(text, write, tip) {
    const [name, kind = "int"] = text.slice(1).split(/\/(.*)/s);
    const split = (value) => String(value).split("|");
    switch (name) {
      case "full": return (item) => write(numberOf(item), kind, false);
      case "short": return (item) => write(numberOf(item), kind, true);
      case "named": return (item) => `${item.name}\n${write(numberOf(item), kind, true)}`;
      case "pair": return (item) => item.value.map((each) => write(each, kind, true)).join(" → ");
      case "sized": return (value) => { const [start, size] = split(value); return `${start}   ${write(size, kind, false)}`; };
      case "range": return (value) => range(value, kind, write);
      case "title": return (item) => item.data.title;
      case "tip": return tip;
      default: return text;
    }
  }

  function range(value, kind, write) {
    const [from, to] = String(value).split("|");
    if (to === "") return `≥ ${write(from, kind, true)}`;
    if (kind === "int") return to - from === 1 ? write(from, kind, true) : `${write(from, kind, true)}–${write(to - 1, kind, true)}`;
    return `${write(from, kind, true)}–${write(to, kind, true)}`;
  }

  /* A tooltip is built of elements, never of markup: names come from people's files. */
  function tipFor(option, write) {
    const element = (tag, className, text) => {
      const made = document.createElement(tag);
      made.className = className;
      made.textContent = text;
      return made;
    };
    return function tip(given) {
      const items = Array.isArray(given) ? given : [given];
      const box = element("div", "chart-tip", "");
      const first = items[0];
      const label = (option.xAxis?.axisLabel ?? {}).formatter;
      const heading = first.data?.title ?? first.axisValueLabel ?? first.name;
      const kindOfAxis = option.xAxis?.type;
      const shown = first.data?.title === undefined && typeof label === "function" && kindOfAxis
        ? label(first.axisValue ?? first.name) : heading;
      box.append(element("p", "chart-tip-heading", shown));
      const seen = new Set();
      for (const item of items) {
        const series = option.series[item.seriesIndex];
        const number = numberOf(item);
        if (series.tooltip?.show === false || number === null || number === undefined || seen.has(item.seriesName)) continue;
        seen.add(item.seriesName);
        const row = element("p", "chart-tip-row", "");
        const mark = element("span", "chart-tip-mark", "");
        if (typeof item.color === "string") mark.style.background = item.color;
        const written = series.tooltip?.valueFormatter?.(number) ?? write(number, "number", false);
        row.append(mark, element("span", "chart-tip-name", item.seriesName), element("b", "chart-tip-value", written));
        box.append(row);
      }
      return box;
    };
  }

  function resolve(value, key, fill) {
    if (Array.isArray(value)) return value.map((each) => resolve(each, key, fill));
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each, name, fill)]));
    }
    if (typeof value === "string" && value.startsWith("@")) {
      if (COLOUR_KEYS.has(key)) return fill.palette[value.slice(1)] ?? value;
      if (FORMAT_KEYS.has(key)) return fill.format(value);
    }
    return value;
  }

  /* On a narrow page names leave room for their bars, and numbers stay within their cells. */
  function narrow({ series, xAxis, yAxis }, width) {
    if (yAxis?.axisLabel?.width) yAxis.axisLabel.width = Math.min(yAxis.axisLabel.width, width * 0.36);
    if (series[0].type === "heatmap") {
      const cell = (width - 120) / xAxis.data.length;
      series[0].label.fontSize = Math.max(7, Math.min(series[0].label.fontSize, cell * 0.36));
    }
  }

  /* The last name below a narrow bar is wider than the bar, and would be cut at the edge. */
  function keepWithin(chart, element, grid) {
    const edge = element.getBoundingClientRect().right;
    const texts = grid ? [...element.querySelectorAll("svg text")] : [];
    const over = Math.max(0, ...texts.map((text) => text.getBoundingClientRect().right - edge));
    if (over > 0) chart.setOption({ grid: { right: (grid.right ?? 0) + Math.ceil(over) + 1 } });
  }

  /* A web without its links below a value; points stay where they are, and fade where no link is left. */
  function fromLeast(option, least) {
    const [series] = option.series;
    const links = series.links.filter((link) => link.value >= least);
    const linked = new Set(links.flatMap((link) => [link.source, link.target]));
    const faded = { itemStyle: { color: "@line-strong", opacity: 0.25 }, label: { show: false } };
    const data = series.data.map((node) => (linked.has(node.name) ? node : { ...node, ...faded }));
    return { ...option, series: [{ ...series, data, links }] };
  }

  function draw(element, option, { locale, palette }) {
    const write = writers(locale);
    const drawn = {};
    const tip = (items) => tipFor(drawn, write)(items);
    Object.assign(drawn, resolve(option, "", { palette, format: (text) => formatter(text, write, tip) }));
    drawn.textStyle = { fontFamily: getComputedStyle(element).fontFamily };
    narrow(drawn, element.clientWidth);
    const chart = echarts.init(element, null, { renderer: "svg" });
    chart.setOption(drawn);
    keepWithin(chart, element, drawn.grid);
    return chart;
  }

  global.guanxiCharts = { draw, fromLeast };
})(window);
