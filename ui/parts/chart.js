// Charts, drawn by uPlot, which is loaded with the first of them. Each has its unit and what it shows in words, and a table with the same
// numbers; without uPlot there is only the table.
// chart({id, title, unit, one (of the unit), x: [number], xTitle, xWord, series: [{name, values, kind: "bar"|"line"|"dash"|"edge"}], isStacked, band: [low, high], marks, height})
import { h } from "../lib/dom.js";
import { brief, moment, percent } from "../lib/words.js";
import { empty } from "./bits.js";
import { COLORS, columnsOf, drawn, isTime, options, xWord } from "./plot.js";
import { table } from "./table.js";

const vendor = (name) => new URL(`../vendor/${name}`, import.meta.url).href; // under the version of the pages, as this module
let loading = null;
const loadPlot = () => {
  loading ??= new Promise((done) => {
    const style = h("link", { rel: "stylesheet", href: vendor("uPlot.min.css") });
    const script = h("script", { src: vendor("uPlot.iife.min.js") });
    script.onload = () => done(window.uPlot);
    script.onerror = () => { loading = null; done(null); };
    document.head.append(style, script);
  });
  return loading;
};

class Chart extends HTMLElement {
  #model = null;
  #plot = null;
  #shape = "";

  get model() {
    return this.#model;
  }

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

  get drawnData() {
    return this.#plot?.data;
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
    return x.length > 1 && (min > x[0] || max < x.at(-1));
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
  model.series.map((s, i) => h("li", { hidden: s.kind === "edge" && model.series[i - 1]?.kind === "edge" },
    h("span", { class: "swatch", "data-type": (i % COLORS) + 1, "data-kind": s.kind }), s.kind === "edge" ? "usual range" : s.name, h("span", { class: "now", hidden: s.kind === "edge" }))),
  h("li", { class: "at" }));

const valuesTable = (model) => {
  const rows = model.x.map((x, i) => ({ x, i })).reverse();
  const columns = [{ title: model.xTitle ?? "Time, UTC", isHead: true, value: (r) => (isTime(model) ? new Date(r.x * 1000).toISOString() : r.x), cell: (r) => xWord(model, r.x) },
    ...model.series.map((s) => ({ title: s.name, isNum: true, value: (r) => s.values[r.i], cell: (r) => (s.values[r.i] == null ? "–" : brief(s.values[r.i])) }))];
  return h("details", { class: "values", "data-key": "values" }, h("summary", {}, "Show as a table"),
    table({ id: `values-${model.id}`, caption: `${model.title}, ${model.unit}`, columns, rows, key: (r) => r.x, isShort: true, wide: true }));
};

const markWords = (marks) => h("p", { class: "note marks" }, "Marked: ", marks.slice(-4).map((m, i) => `${i > 0 ? "; " : ""}${m.kind} ${m.text ?? ""}, ${moment(m.at)}`), ".");

// One value is no line yet.
export const trend = (model) => {
  const known = model.series[0].values.filter((v) => v != null);
  const value = model.isShare ? percent(known[0] ?? 0, 1) : `${brief(known[0])} ${known[0] === 1 ? (model.one ?? model.unit) : model.unit}`;
  return known.length > 1 ? chart(model) : empty(`${model.title}: ${known.length === 1 ? value : "no value"} so far. A line needs a second value.`);
};

// What changed while the chart shows it: to its last step, or to the end of its window.
const marksIn = ({ marks, window, x }) => {
  const [from, to] = window ?? [x[0], x.at(-1) + (x.length > 1 ? x[1] - x[0] : 0)];
  return (marks ?? []).filter((m) => Date.parse(m.at) / 1000 >= from && Date.parse(m.at) / 1000 <= to);
};

export const chart = (given) => {
  const model = { ...given, marks: marksIn(given) };
  const words = `${model.title}, in ${model.unit}. ${model.words ?? ""} The table below has the numbers.`;
  return h("div", { class: "chart-box", "data-key": `chart-${model.id}` }, legend(model), plot(model, words),
    h("p", { class: "note chart-words" }, `${model.words ?? ""} Unit: ${model.unit}${isTime(model) ? "; times in UTC" : ""}.`.trim()),
    model.marks.length > 0 ? markWords(model.marks) : null, valuesTable(model));
};
