// Which rows are not as they usually are: each value of the last days beside the same row's value over all time, in steps of half of all rows.
// Whether more is worse no declaration says: so it says higher and lower, and a person judges.
import { url } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { featureName, value } from "../lib/names.js";
import { href } from "../lib/router.js";
import { capital, count, decimal, visible } from "../lib/words.js";
import { bar } from "./bits.js";
import { panel } from "./panel.js";
import { typicalOf } from "./risk.js";
import { table } from "./table.js";

const LOOKED_AT = 500; // rows
const SHOWN = 8;
const LEAST = 0.5; // steps: what moved less is as usual
const LEAST_SHARE = 0.05; // of the rows that moved, in either direction

// Measured values over all time, each with that of its shortest window.
const pairsOf = (e) => e.columns.filter((c) => c.days == null && c.unit).map((c) => {
  const windows = e.columns.filter((w) => w.feature === c.feature && w.days != null).sort((a, b) => a.days - b.days);
  return { usual: c, now: windows[0] };
}).filter((pair) => pair.now);

// A sum or an extreme over fewer days is lower by nature, in every row. Only what moves both ways says something.
const movesBothWays = (rows, { usual, now }) => {
  const moved = rows.filter((row) => row[now.name] != null && row[usual.name] != null).map((row) => row[now.name] - row[usual.name]).filter((by) => by !== 0);
  const up = moved.filter((by) => by > 0).length;
  return Math.min(up, moved.length - up) >= Math.max(1, moved.length * LEAST_SHARE);
};

// The largest move of each row.
const movesOf = (rows, pairs, typical) => rows.map((row) => pairs.reduce((most, pair) => {
  const t = typical?.[pair.usual.name];
  const step = t?.p75 > t?.p25 ? t.p75 - t.p25 : null;
  const moved = step && row[pair.now.name] != null && row[pair.usual.name] != null ? (row[pair.now.name] - row[pair.usual.name]) / step : 0;
  return Math.abs(moved) > Math.abs(most.moved) ? { row, pair, moved } : most;
}, { row, moved: 0 })).filter((m) => Math.abs(m.moved) >= LEAST).sort((a, b) => Math.abs(b.moved) - Math.abs(a.moved));

const movesTable = (e, moves, looked) => table({ id: "moves", caption: "Furthest from their own usual value, first", rows: moves.slice(0, SHOWN), key: (m) => m.row[e.key], empty: `All ${count(looked)} are about as they usually are.`, columns: [
  { title: capital(e.title), isHead: true, cell: (m) => h("a", { class: "id", title: visible(m.row[e.key]), "data-row": true, href: href(["entities", e.plural, m.row[e.key]]) }, h("bdi", {}, visible(m.row[e.key]))) },
  { title: "What", cell: (m) => capital(featureName(e, m.pair.usual.name)) },
  { title: "Of late", isNum: true, cell: (m) => [value(m.row[m.pair.now.name], m.pair.now.unit), h("span", { class: "note" }, ` in ${m.pair.now.days} days`)] },
  { title: "Usually", isNum: true, cell: (m) => value(m.row[m.pair.usual.name], m.pair.usual.unit) },
  { title: "Moved", class: "when", cell: (m) => [bar(Math.abs(m.moved) / Math.abs(moves[0].moved), "plain"), h("span", { class: "note" }, `${decimal(Math.abs(m.moved), 1)} steps ${m.moved > 0 ? "higher" : "lower"}`)] }] });

// Nothing where no feature has a unit and a window.
export const ownUsualPanel = (e) => {
  const pairs = pairsOf(e);
  if (pairs.length === 0) return null;
  const fields = pairs.flatMap(({ usual, now }) => [usual.name, now.name]).join(",");
  return panel({ id: "own-usual", title: "Not as usual", note: "a step is what the middle half of all differ by", height: 340, every: SLOW_MS,
    urls: { top: url(`/api/v1/${e.plural}`, { limit: LOOKED_AT, fields }), features: "/api/v1/features" },
    render: ({ top, features }) => [movesTable(e, movesOf(top.items, pairs.filter((pair) => movesBothWays(top.items, pair)), typicalOf(features, e)), top.items.length),
      top.total > top.items.length ? h("p", { class: "note" }, `Of the first ${count(top.items.length)} of ${count(top.total)} by id.`) : null] });
};
