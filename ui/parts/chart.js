// Charts, drawn by uPlot, which is loaded with the first of them. Each has its unit and what it shows in words, and a table with the same
// numbers; without uPlot there is only the table.
// chart({id, title, unit, x: [number], xTitle, xWord, series: [{name, values, kind: "bar"|"line"|"dash"|"edge"}], isStacked, band: [low, high], marks, height})
import { h } from "../lib/dom.js";
import { brief, count, moment } from "../lib/words.js";
import { table } from "./table.js";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const COLORS = 5;

let loading = null;
const loadPlot = () => {
  loading ??= new Promise((done) => {
    const style = h("link", { rel: "stylesheet", href: "/ui/vendor/uPlot.min.css" });
    const script = h("script", { src: "/ui/vendor/uPlot.iife.min.js" });
    script.onload = () => done(window.uPlot);
    script.onerror = () => { loading = null; done(null); };
    document.head.append(style, script);
  });
  return loading;
};

const isTime = (model) => !model.xTitle;
export const xWord = (model, x) => (model.xWord ? model.xWord(x) : isTime(model) ? moment(x * 1000) : brief(x));
const axisNumber = (n) => (n >= 10000 ? `${count(n / 1000)}k` : brief(n));

const clock = (s) => {
  const d = new Date(s * 1000);
  const part = (options) => d.toLocaleString("en-GB", { timeZone: "UTC", ...options });
  const time = part({ hour: "2-digit", minute: "2-digit" });
  return time === "00:00" ? part({ weekday: "short", day: "numeric" }) : time;
};

// In the order in which they are drawn: bars first. uPlot draws all bars from 0: of those that are stacked the largest sums first, and the
// smaller ones over them.
const drawn = (model) => {
  const bars = model.series.filter((s) => s.kind === "bar");
  return [...(model.isStacked ? bars.reverse() : bars), ...model.series.filter((s) => s.kind !== "bar")];
};

const columnsOf = (model) => {
  const sums = new Map(); // of a stacked bar: with all that are under it
  let below = model.x.map(() => 0);
  for (const s of model.isStacked ? model.series.filter((one) => one.kind === "bar") : []) {
    below = below.map((n, i) => n + (s.values[i] ?? 0));
    sums.set(s, below);
  }
  return [model.x, ...drawn(model).map((s) => sums.get(s) ?? s.values)];
};

const colorOf = (model, s) => css(`--type-${(model.series.indexOf(s) % COLORS) + 1}`);

const seriesOptions = (Plot, model) => drawn(model).map((s) => {
  const color = colorOf(model, s);
  if (s.kind === "edge") return { stroke: "transparent", points: { show: false } };
  if (s.kind === "bar") return { fill: color, stroke: color, width: 0, paths: Plot.paths.bars({ size: [0.72, 100], radius: 0.12 }), points: { show: false } };
  return { stroke: s.kind === "dash" ? css("--ink-2") : color, width: 2, dash: s.kind === "dash" ? [5, 4] : [], points: { show: model.x.length < 3, size: 6 } };
});

const drawMarks = (plot, marks) => {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = css("--ink-3");
  ctx.setLineDash([3, 4]);
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(Date.parse(mark.at) / 1000, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
};

const options = (Plot, model, box) => {
  const axis = { stroke: css("--ink-3"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false }, font: `12px ${css("--font")}` };
  const half = drawn(model).some((s) => s.kind === "bar") && model.x.length > 0 ? (model.x.length > 1 ? model.x[1] - model.x[0] : 1) * 0.53 : 0;
  const edges = drawn(model).map((s, i) => (s.kind === "edge" ? i + 1 : 0)).filter(Boolean);
  return {
    width: box.clientWidth, height: box.clientHeight, padding: [8, 6, 0, 4],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
    tzDate: (s) => Plot.tzDate(new Date(s * 1e3), "Etc/UTC"),
    scales: {
      x: { time: isTime(model), range: (u, from, to) => [from - half, to + half] },
      y: { range: (u, least, most) => [Math.min(0, least ?? 0), model.most ?? Math.max(most ?? 0, model.isShare ? 0.01 : 1) * 1.05] },
    },
    axes: [
      { ...axis, size: 30, grid: { show: false }, space: 64, values: (u, ticks) => ticks.map(isTime(model) ? clock : (n) => xWord(model, n)) },
      { ...axis, size: 52, values: (u, ticks) => ticks.map(axisNumber) },
    ],
    bands: edges.length === 2 ? [{ series: [edges[1], edges[0]], fill: css("--band") }] : [],
    series: [{}, ...seriesOptions(Plot, model)],
    hooks: { draw: [(u) => drawMarks(u, model.marks ?? [])], setCursor: [(u) => box.parentElement?.showAt(u.cursor.idx)] },
  };
};

class Chart extends HTMLElement {
  #model = null;
  #plot = null;
  #shape = "";

  set model(model) {
    this.#model = model;
    if (this.isConnected) this.#draw();
  }

  connectedCallback() {
    this.box = h("div", { class: "plot" });
    this.replaceChildren(this.box);
    this.watcher = new ResizeObserver(() => this.#plot?.setSize({ width: this.box.clientWidth, height: this.box.clientHeight }));
    this.watcher.observe(this.box);
    document.addEventListener("smelt-theme", this.#again);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.#again);
    this.#draw();
  }

  disconnectedCallback() {
    this.watcher.disconnect();
    document.removeEventListener("smelt-theme", this.#again);
    matchMedia("(prefers-color-scheme: dark)").removeEventListener("change", this.#again);
    this.#plot?.destroy();
    this.#plot = null;
    this.#shape = "";
  }

  #again = () => {
    this.#shape = "";
    this.#draw();
  };

  async #draw() {
    const Plot = await loadPlot();
    const model = this.#model;
    if (!Plot || !model || !this.isConnected) return;
    const shape = JSON.stringify([drawn(model).map((s) => [s.name, s.kind]), model.marks ?? [], model.x[1] - model.x[0]]);
    if (this.#plot && shape === this.#shape) {
      this.#plot.setData(columnsOf(model), !this.#isZoomed());
      return;
    }
    this.#plot?.destroy();
    this.#shape = shape;
    this.#plot = new Plot(options(Plot, model, this.box), columnsOf(model), this.box);
  }

  #isZoomed() {
    const { min, max } = this.#plot.scales.x;
    const x = this.#plot.data[0];
    return min > x[0] || max < x.at(-1);
  }

  // The values under the pointer, in the legend.
  showAt(index) {
    const legend = this.parentElement?.querySelector(".legend");
    if (!legend || !this.#model) return;
    const model = this.#model;
    legend.querySelector(".at").textContent = index == null ? "" : `${xWord(model, model.x[index])}${isTime(model) ? " UTC" : ""}`;
    legend.querySelectorAll(".now").forEach((e, i) => {
      const v = model.series[i].values[index];
      e.textContent = index == null ? "" : ` ${v == null ? "–" : brief(v)}`;
    });
  }
}
customElements.define("smelt-chart", Chart);

const plot = (model, label) => {
  const e = document.createElement("smelt-chart");
  e.model = model;
  e.className = "chart";
  e.setAttribute("role", "img");
  e.setAttribute("aria-label", label);
  if (model.id) e.dataset.testid = `chart-${model.id}`;
  return e;
};

const legend = (model) => h("ul", { class: "legend", "aria-hidden": "true" },
  model.series.map((s, i) => h("li", {}, h("span", { class: "swatch", "data-type": (i % COLORS) + 1, "data-kind": s.kind }), s.name, h("span", { class: "now" }))),
  h("li", { class: "at" }));

const valuesTable = (model) => {
  const rows = model.x.map((x, i) => ({ x, i })).reverse();
  const columns = [{ title: model.xTitle ?? "Time, UTC", isHead: true, cell: (r) => xWord(model, r.x) },
    ...model.series.map((s) => ({ title: s.name, isNum: true, cell: (r) => (s.values[r.i] == null ? "–" : brief(s.values[r.i])) }))];
  return h("details", { class: "values", "data-key": "values" }, h("summary", {}, "Show as a table"),
    table({ id: `values-${model.id}`, caption: `${model.title}, ${model.unit}`, columns, rows, key: (r) => r.x, isShort: true, wide: true }));
};

const markWords = (marks) => h("p", { class: "note marks" }, "Marked: ", marks.slice(-4).map((m, i) => `${i > 0 ? "; " : ""}${m.kind} ${m.text ?? ""}, ${moment(m.at)}`), ".");

export const chart = (model) => {
  const words = `${model.title}, in ${model.unit}. ${model.words ?? ""} The table below has the numbers.`;
  return h("div", { class: "chart-box", "data-key": `chart-${model.id}` }, legend(model), plot(model, words),
    h("p", { class: "note chart-words" }, `${model.words ?? ""} Unit: ${model.unit}${isTime(model) ? "; times in UTC" : ""}.`.trim()),
    model.marks?.length > 0 ? markWords(model.marks) : null, valuesTable(model));
};
