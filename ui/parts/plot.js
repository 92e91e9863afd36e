// How uPlot draws a chart: the order of what is drawn, colours, axes, marks. chart.js has the element around it.
import { brief, count, moment } from "../lib/words.js";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const COLORS = 5;

export const isTime = (model) => !model.xTitle;
export const xWord = (model, x) => (model.xWord ? model.xWord(x) : isTime(model) ? moment(x * 1000) : brief(x));
const axisNumber = (n) => (Math.abs(n) >= 10000 ? `${count(n / 1000)}k` : brief(n));

const clock = (s) => {
  const d = new Date(s * 1000);
  const part = (options) => d.toLocaleString("en-GB", { timeZone: "UTC", ...options });
  const time = part({ hour: "2-digit", minute: "2-digit" });
  return time === "00:00" ? part({ weekday: "short", day: "numeric" }) : time;
};

// In the order in which they are drawn: bars first. uPlot draws all bars from 0: of those that are stacked the largest sums first, and the
// smaller ones over them.
export const drawn = (model) => {
  const bars = model.series.filter((s) => s.kind === "bar");
  return [...(model.isStacked ? bars.reverse() : bars), ...model.series.filter((s) => s.kind !== "bar")];
};

export const columnsOf = (model) => {
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
  if (s.kind === "bar") return { fill: color, stroke: color, width: 0, paths: Plot.paths.bars({ size: [0.72, 100, 2], radius: 0.12 }), points: { show: false } };
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

// From the first value to the last, or (window) from when to when the data were asked for. A person may have chosen a part of it.
const xRange = (model, from, to, half) => {
  const isAll = from <= model.x[0] && to >= model.x.at(-1);
  if (model.window && isAll) return model.window;
  const [x] = model.x;
  const beside = isTime(model) ? 43200 : 0.5; // of one value alone, of which uPlot makes years
  return model.x.length === 1 ? [x - beside, x + beside] : [from - half, to + half];
};

// `model` is what is drawn first; box.parentElement has the one that is drawn now.
export const options = (Plot, model, box) => {
  const axis = { stroke: css("--ink-3"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false }, font: `12px ${css("--font")}` };
  const half = drawn(model).some((s) => s.kind === "bar") && model.x.length > 0 ? (model.x.length > 1 ? model.x[1] - model.x[0] : 1) * 0.53 : 0;
  const edges = drawn(model).map((s, i) => (s.kind === "edge" ? i + 1 : 0)).filter(Boolean);
  return {
    width: box.clientWidth, height: box.clientHeight, padding: [8, 18, 0, 4],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
    tzDate: (s) => Plot.tzDate(new Date(s * 1e3), "Etc/UTC"),
    scales: {
      x: { time: isTime(model), range: (u, from, to) => xRange(box.parentElement?.model ?? model, from, to, half) },
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
