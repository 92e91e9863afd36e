// Where the rows of an entity are, each marked when it is not as usual (moves.js): on a map of the coordinates that the declarations name (`place`),
// else as a schematic: a tile per row, in groups by how their ids begin.
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { featureName, named, titleOf } from "../lib/names.js";
import { href } from "../lib/router.js";
import { count, decimal, visible } from "../lib/words.js";
import { empty, note } from "./bits.js";
import { badIn, badWord, byRow, groupsOf, worstFirst } from "./groups.js";
import { hasMoves, movesOf, movesUrls, ONE_WAY } from "./moves.js";
import { panel } from "./panel.js";
import { table } from "./table.js";

const words = { worse: "worse than usual", better: "better than usual", higher: "higher than usual", lower: "lower than usual", usual: "as usual", unknown: "not known" };
const glyphs = { worse: "!", better: "+", higher: "↑", lower: "↓", usual: "", unknown: "?" };

// ---- one row ----

// moves: {of: Map of rows that are not as usual, known: Set of those that can be compared}.
const stateOf = ({ of, known }, row) => of.get(row)?.side ?? (known.has(row) ? "usual" : "unknown");

const moveWords = (e, m) => `${featureName(e, m.pair.usual.name)} ${decimal(Math.abs(m.moved), 1)} steps ${m.moved > 0 ? "higher" : "lower"} than its own usual value`;
const sayOf = (e, row, moves) => `${visible(String(row[e.key]))}: ${moves.of.has(row) ? moveWords(e, moves.of.get(row)) : words[stateOf(moves, row)]}`;

// A link that the pointer and screen readers find; the keyboard has those that matter in the table beside it.
const spot = (e, row, moves) => {
  const say = sayOf(e, row, moves);
  return h("a", { class: "spot", "data-side": stateOf(moves, row), "data-key": String(row[e.key]), href: href(["entities", e.plural, row[e.key]]), title: say, "aria-label": say, tabindex: -1 }, glyphs[stateOf(moves, row)]);
};

// ---- a map ----

// Coordinates in a box, 1 wide: {points: [{row, x, y}], height}. Degrees of longitude become shorter away from the equator.
const project = (e, rows) => {
  const onEarth = e.place.latitude != null;
  const known = rows.map((row) => ({ row, x: row[e.place.longitude ?? e.place.x], y: row[e.place.latitude ?? e.place.y] })).filter((p) => p.x != null && p.y != null);
  const middle = known.reduce((sum, p) => sum + p.y, 0) / Math.max(known.length, 1);
  const stretch = onEarth ? Math.max(0.1, Math.cos((middle * Math.PI) / 180)) : 1;
  const [west, east] = [Math.min(...known.map((p) => p.x)), Math.max(...known.map((p) => p.x))];
  const [south, north] = [Math.min(...known.map((p) => p.y)), Math.max(...known.map((p) => p.y))];
  const wide = Math.max((east - west) * stretch, (north - south) / 2, 1e-9); // no higher than twice its width
  return { height: Math.min(2, Math.max(0.25, (north - south) / wide)), points: known.map(({ row, x, y }) => ({ row,
    x: 0.5 + ((x - (west + east) / 2) * stretch) / wide, y: north > south ? (north - y) / (north - south) : 0.5 })) };
};

const map = (e, rows, moves) => {
  const { points, height } = project(e, rows);
  if (points.length === 0) return empty(`No ${e.title} has a place yet: its ${Object.values(e.place).map((name) => featureName(e, name)).join(" and ")} are not known.`);
  const box = h("div", { class: "map", role: "group", "aria-label": `Map of ${e.title_plural}`, "data-testid": "map" }, points.map(({ row, x, y }) => {
    const one = spot(e, row, moves);
    one.style.left = `${decimal(100 * x, 2)}%`;
    one.style.top = `${decimal(100 * y, 2)}%`;
    return one;
  }));
  box.style.aspectRatio = `1 / ${Math.min(height, 0.6)}`;
  const without = rows.length - points.length;
  return [box, note(`${e.place.latitude ? "North is up" : `${featureName(e, e.place.y)} grows upwards, ${featureName(e, e.place.x)} to the right`}.${without > 0 ? ` ${named(without, e)} without a place.` : ""}`)];
};

// ---- a schematic ----

const groupsTable = (e, groups, moves) => h("details", { class: "values", "data-key": "groups" }, h("summary", {}, "Show as a table"),
  table({ id: "groups", caption: `${titleOf(e)} by how their ids begin`, rows: groups, key: (group) => group.name, isShort: true, columns: [
    { title: "Ids begin with", isHead: true, cell: (group) => group.name }, { title: titleOf(e), isNum: true, cell: (group) => count(group.rows.length) },
    { title: badWord(moves) === "worse" ? "Worse than usual" : "Not as usual", isNum: true, cell: (group) => count(badIn(group, moves).length) }] }));

const tiles = (e, rows, moves) => {
  const groups = groupsOf(e, rows).sort(worstFirst(moves));
  return [h("div", { class: "places", "data-testid": "tiles" }, groups.map((group) => h("div", { class: "place", "data-key": group.name, "data-all": group.isAll, role: "group", "aria-label": `${group.isAll ? titleOf(e) : group.name}` },
    h("p", { class: "note" }, group.isAll ? null : h("b", {}, group.name), ` ${count(badIn(group, moves).length)} of ${count(group.rows.length)} ${badWord(moves)}`),
    h("div", { class: "spots" }, group.rows.map((row) => spot(e, row, moves)))))),
  note(groups[0].isAll ? `Each tile is a ${e.title}.` : `Each tile is a ${e.title}, in groups by how their ids begin, the worst group first. `, "A map needs coordinates: ", h("code", {}, "place"), " in features.yaml."),
  groups[0].isAll ? null : groupsTable(e, groups, moves)];
};

// ---- the panel ----

const legend = (rows, moves) => {
  const counts = new Map();
  for (const row of rows) counts.set(stateOf(moves, row), (counts.get(stateOf(moves, row)) ?? 0) + 1);
  return h("ul", { class: "legend" }, Object.keys(words).filter((side) => counts.has(side)).map((side) => h("li", { "data-key": side }, h("span", { class: "spot", "data-side": side, "aria-hidden": "true" }, glyphs[side]), ` ${count(counts.get(side))} ${words[side]}`)));
};

const render = (e, data) => {
  const rows = data.top.items, { known, moves, isOneWay } = movesOf(e, data);
  if (rows.length === 0) return empty(`No ${e.title_plural} yet.`);
  if (known.size === 0 && !e.place) return empty(isOneWay ? `${ONE_WAY}.` : "Not enough history to say which are as usual.");
  const all = { of: byRow(moves), known };
  return [legend(rows, all), e.place ? map(e, rows, all) : tiles(e, rows, all), data.top.total > rows.length ? note(`The first ${count(rows.length)} of ${count(data.top.total)} by id.`) : null];
};

export const placesPanel = (e) => (hasMoves(e) || e.place ? panel({ id: "places", title: e.place ? "Map" : "At a glance", note: "each beside its own usual value", height: 350, every: SLOW_MS, urls: movesUrls(e), render: (data) => render(e, data) }) : null);
