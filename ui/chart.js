// Events per hour: stacked bars by type, drawn by uPlot, and a table with the same numbers. Without uPlot there is only the table.
import { count, h } from "./words.js";

const TYPES_MAX = 4;
const HOURS = 48; // also when the data begin later: a first hour has its place in the window
const LEAST_SHARE = 0.01; // types with a smaller share are grouped as "other"

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The types that have their own bars, in the order of their names.
const mainTypes = (rows) => {
  const totals = new Map();
  for (const r of rows) totals.set(r.event_type, (totals.get(r.event_type) ?? 0) + r.events);
  const all = [...totals.values()].reduce((sum, n) => sum + n, 0);
  return [...totals.keys()].filter((t) => totals.get(t) >= LEAST_SHARE * all).sort((x, y) => totals.get(y) - totals.get(x)).slice(0, TYPES_MAX).sort();
};

// Converts the rows of the API to {hours: [unix seconds], types: [name], counts: [type][hour]}; hours without events get 0. There is at least one row.
const pivot = (rows) => {
  const types = mainTypes(rows);
  const place = (type) => types.indexOf(type);
  if (rows.some((r) => place(r.event_type) < 0)) types.push("other");
  const times = rows.map((r) => Date.parse(r.hour) / 1000);
  const last = Math.max(...times), first = Math.min(...times, last - (HOURS - 1) * 3600);
  const hours = [];
  for (let t = first; t <= last; t += 3600) hours.push(t);
  const counts = types.map(() => hours.map(() => 0));
  rows.forEach((r, i) => {
    const type = place(r.event_type);
    counts[type < 0 ? types.length - 1 : type][(times[i] - first) / 3600] += r.events;
  });
  return { hours, types, counts };
};

// uPlot draws all bars from 0: it draws the largest sums first, and the smaller ones over them.
const stack = ({ hours, counts }) => {
  const sums = [];
  counts.forEach((row, i) => sums.push(row.map((n, t) => n + (i > 0 ? sums[i - 1][t] : 0))));
  return [hours, ...sums.reverse()];
};

const time = (seconds, options) => new Date(seconds * 1000).toLocaleString("en-GB", { timeZone: "UTC", ...options });
const hourName = (s) => `${time(s, { weekday: "short", day: "numeric", month: "short" })}, ${time(s, { hour: "2-digit", minute: "2-digit" })}`;

let plot = null;
let shown = null;

const options = (data, width, height) => {
  const axis = {
    stroke: css("--ink-3"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false },
    font: `12px ${css("--font")}`,
  };
  const bars = window.uPlot.paths.bars({ size: [0.72, 100], radius: 0.12 });
  return {
    width, height, padding: [8, 4, 0, 4],
    legend: { show: false },
    cursor: { show: false },
    select: { show: false },
    tzDate: (s) => window.uPlot.tzDate(new Date(s * 1e3), "Etc/UTC"),
    scales: { x: { range: (u, from, to) => [from - 1900, to + 1900] }, y: { range: (u, least, most) => [0, Math.max(most, 1) * 1.05] } },
    axes: [
      { ...axis, size: 30, grid: { show: false }, values: (u, ticks) => ticks.map((t) => {
        const clock = time(t, { hour: "2-digit", minute: "2-digit" });
        return clock === "00:00" ? time(t, { weekday: "short", day: "numeric" }) : clock;
      }) },
      { ...axis, size: 52, values: (u, ticks) => ticks.map((n) => (n >= 10000 ? `${count(n / 1000)}k` : count(n))) },
    ],
    series: [{}, ...data.types.map((_, i) => {
      const color = css(`--type-${data.types.length - i}`);
      return { fill: color, stroke: color, width: 0, paths: bars, points: { show: false } };
    })],
  };
};

const draw = (box) => {
  if (plot) plot.destroy();
  plot = null;
  box.replaceChildren();
  if (!shown || shown.hours.length === 0) {
    box.append(h("p", { class: "empty" }, "No events yet."));
    return;
  }
  if (window.uPlot) plot = new window.uPlot(options(shown, box.clientWidth, box.clientHeight), stack(shown), box);
};

const describe = (box, { hours, types, counts }) => {
  const total = (i) => counts.reduce((sum, row) => sum + row[i], 0);
  const all = hours.map((_, i) => total(i));
  const peak = all.indexOf(Math.max(...all));
  box.setAttribute("aria-label", `Bar chart of events per hour over ${hours.length} hours by type (${types.join(", ")}). ` +
    `Most: ${count(all[peak])} in the hour of ${hourName(hours[peak])} UTC; newest hour: ${count(all.at(-1))}.`);
};

const fillTable = (table, { hours, types, counts }) => {
  table.tHead.replaceChildren(h("tr", {}, h("th", { scope: "col" }, "Hour, UTC"), types.map((t) => h("th", { scope: "col", class: "num" }, t))));
  const rows = hours.map((s, i) => h("tr", {}, h("th", { scope: "row" }, hourName(s)),
    types.map((_, t) => h("td", { class: "num" }, count(counts[t][i])))));
  table.tBodies[0].replaceChildren(...rows.reverse());
};

export const showHours = (rows) => {
  const box = document.getElementById("chart");
  shown = rows.length > 0 ? pivot(rows) : { hours: [], types: [], counts: [] };
  document.getElementById("legend").replaceChildren(...shown.types.map((name, i) => {
    const swatch = h("span", { class: "swatch", "data-type": i + 1 });
    return h("li", {}, swatch, name);
  }));
  if (shown.hours.length > 0) describe(box, shown);
  fillTable(document.getElementById("hours"), shown);
  draw(box);
};

export const watchChart = () => {
  const box = document.getElementById("chart");
  const again = () => draw(box);
  new ResizeObserver(() => plot?.setSize({ width: box.clientWidth, height: box.clientHeight })).observe(box);
  document.addEventListener("smelt-theme", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
};
