// Which rows are not as they usually are (moves.js): a table, those that are worse first.
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { featureName, titleOf, value } from "../lib/names.js";
import { href } from "../lib/router.js";
import { capital, count, decimal, many, visible } from "../lib/words.js";
import { bar, note } from "./bits.js";
import { hasMoves, movesOf, movesUrls, ONE_WAY } from "./moves.js";
import { panel } from "./panel.js";
import { table } from "./table.js";

const SHOWN = 8;
const kinds = { worse: "high", better: "low" };

const steps = (m) => `${decimal(Math.abs(m.moved), 1)} steps`;
const moved = (m) => (m.side in kinds ? [h("span", { class: "side", "data-side": m.side }, m.side), h("span", { class: "note" }, ` by ${steps(m)}`)] : h("span", { class: "note" }, `${steps(m)} ${m.side}`));

const nothing = (e, { known, isOneWay }, looked) => (known.size > 0 ? `All ${count(known.size)} are about as they usually are.`
  : looked === 0 ? `No ${e.title_plural} yet.` : isOneWay ? `${ONE_WAY}.` : "Not enough history: a value of the last days has to differ from that over all time.");

// "In 7 days", where that is so of all that are shown.
const windowTitle = (moves) => (new Set(moves.map((m) => m.pair.now.days)).size === 1 ? `In ${many(moves[0].pair.now.days, "day", "days")}` : "Of late");

const movesTable = (e, found, looked, { moves } = found) => table({ id: "moves", caption: `${titleOf(e)} furthest from their own usual value, worse ones first`, rows: moves.slice(0, SHOWN), key: (m) => m.row[e.key], empty: nothing(e, found, looked), columns: [
  { title: capital(e.title), isHead: true, cell: (m) => h("a", { class: "id", title: visible(m.row[e.key]), "data-row": true, href: href(["entities", e.plural, m.row[e.key]]) }, h("bdi", {}, visible(m.row[e.key]))) },
  { title: "What", cell: (m) => capital(featureName(e, m.pair.usual.name)) },
  { title: windowTitle(moves), isNum: true, cell: (m) => [value(m.row[m.pair.now.name], m.pair.now.unit), windowTitle(moves) === "Of late" ? h("span", { class: "note" }, ` in ${many(m.pair.now.days, "day", "days")}`) : null] },
  { title: "Usually", isNum: true, cell: (m) => value(m.row[m.pair.usual.name], m.pair.usual.unit) },
  { title: "Moved", class: "moved", cell: (m) => [bar(Math.abs(m.moved) / Math.max(...moves.map((one) => Math.abs(one.moved))), kinds[m.side] ?? "plain"), moved(m)] }] });

// Nothing where no feature has a unit and a window.
export const ownUsualPanel = (e) => (hasMoves(e) ? panel({
  id: "own-usual", title: "Not as usual", note: "a step is what the middle half of all differ by", height: 340, every: SLOW_MS, urls: movesUrls(e),
  render: (data) => [movesTable(e, movesOf(e, data), data.top.items.length),
    data.top.total > data.top.items.length ? note(`Of the first ${count(data.top.items.length)} of ${count(data.top.total)} by id.`) : null],
}) : null);
