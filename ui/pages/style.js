// The parts of these pages, each in each of its states, with words and numbers that are of no lake: what a new page is made of.
import { Refusal } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { badge, bar, command, empty, facts, answer, answers } from "../parts/bits.js";
import { chart } from "../parts/chart.js";
import { changeForm, choice, remark } from "../parts/change_form.js";
import { confirm } from "../parts/confirm.js";
import { markCell, notesTable } from "../parts/notes.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";
import { rows as rowsOfOthers } from "./style_rows.js";

const HOUR = 3600;
const START = Date.UTC(2026, 0, 5) / 1000;
const x = Array.from({ length: 24 }, (_, i) => START + i * HOUR);
const wave = (from, by) => x.map((_, i) => Math.round(from + by * Math.sin(i / 4)));

const inState = (state, error, data = null) => ({ s: { url: "/api/v1/example", state, error, data, at: data ? new Date(START * 1000).toISOString() : null } });
const shown = (id, title, sources, render = () => h("p", {}, "Data.")) => panel({ id, title, height: 80, urls: { s: "/api/v1/example" }, sources, render });

const panels = () => [
  shown("loading", "A panel that loads", inState("loading", null)),
  shown("ready", "A panel with data", inState("ready", null, {})),
  shown("empty", "A panel without rows", inState("ready", null, {}), () => empty("No event is in quarantine.")),
  shown("failed", "A panel that failed", inState("failed", new Refusal("The query took longer than 10 s.", 504))),
  shown("silent", "A panel without an answer", inState("failed", new Error("network"))),
  shown("absent", "A panel that this server cannot fill", inState("absent", new Refusal("There is nothing at this address.", 404))),
  shown("forbidden", "A panel for another token", inState("forbidden", new Refusal("This needs the scope raw.", 403))),
  shown("unserved", "A panel before the first data", inState("failed", new Refusal("No snapshot is published yet: run `smelt publish`.", 503))),
  shown("old", "A panel with old data", inState("failed", new Error("network"), {}), () => h("p", {}, "What was known.")),
];

const rows = [{ name: "first", n: 12, part: 1 }, { name: "second", n: 3, part: 0.25 }, { name: "W".repeat(200), n: 1, part: 0.08 }];
const columns = [{ title: "Name", isHead: true, cell: (r) => h("a", { href: "#/style", class: "id", "data-row": true }, h("bdi", {}, r.name)) }, { title: "Events", isNum: true, cell: (r) => [String(r.n), bar(r.part, "plain")] }, { title: "State", cell: () => badge("ok") }];

const charts = () => [
  chart({ id: "bars", title: "Bars that are stacked", unit: "events per hour", x, isStacked: true, series: [{ name: "one", kind: "bar", values: wave(40, 20) }, { name: "two", kind: "bar", values: wave(20, 10) }], words: "Two kinds." }),
  chart({ id: "band", title: "A line, what is usual, and a mark", unit: "ms", x, marks: [{ at: new Date((START + 9 * HOUR) * 1000).toISOString(), kind: "version", text: "1.2" }],
    series: [{ name: "now", kind: "line", values: wave(100, 40) }, { name: "usual", kind: "dash", values: wave(90, 20) }, { name: "usual, low", kind: "edge", values: wave(70, 20) }, { name: "usual, high", kind: "edge", values: wave(120, 20) }], words: "One line beside its past." }),
  chart({ id: "numbers", title: "Over numbers", unit: "rows", xTitle: "Probability", x: [0.1, 0.3, 0.5, 0.7], series: [{ name: "rows", kind: "bar", values: [40, 20, 9, 3] }], words: "Not over time." }),
];

const AT = new Date(START * 1000).toISOString();
const oneNote = (outcome, text, by) => ({ at: AT, outcome, text, by });
const notes = [oneNote("not_reached", "", null), oneNote("other", `<b>No markup</b>\nand a second line; ${"W".repeat(200)}`, "a token")];
const forms = () => [
  changeForm({ id: "style-form", label: "A change", button: "Keep it", fields: () => [choice("Outcome", "outcome", [["one", "One"], ["two", "Two"]]), remark("Note")], send: async () => "Kept." }),
  changeForm({ id: "style-refused", label: "A change that is refused", button: "Try it", fields: () => [choice("Outcome", "outcome", [["one", "One"]])], send: async () => { throw new Refusal("This needs the scope admin.", 403); } }),
  h("p", {}, h("button", { type: "button", class: "quiet", "data-testid": "style-confirm", click: () => confirm({ title: "Do it?", text: "All others see it.", yes: "Do it" }) }, "A question before a change")),
  h("p", {}, markCell(oneNote("stays", "", null))),
  notesTable({ items: notes, total: 12 }),
];

const section = (title, ...nodes) => h("section", { class: "card", "aria-label": title }, h("h2", {}, title), h("div", { class: "stack" }, nodes));

export const render = () => [
  h("div", { class: "page-head" }, h("h1", {}, "Parts of these pages"), h("p", { class: "note" }, "Each part in each of its states. The numbers are of no lake.")),
  answers(answer("plain", "A question", "An answer", "What it rests on"), answer("good", "Is it well?", "Yes", "All parts work", { state: "ok" }), answer("warn", "As usual?", "More than usual", null, { state: "degraded" }),
    answer("bad", "What is wrong?", "Kafka is down", null, { state: "down" }), answer("link", "With an address", "Open it", null, { href: "#/style" })),
  section("States and small parts", h("p", {}, ["ok", "degraded", "down", "unknown"].map((s) => [badge(s), " "]), badge("idle", "Idle")), h("p", {}, command("smelt status")),
    h("p", {}, ["high", "medium", "low", "plain"].map((kind, i) => [kind, bar(1 - i / 4, kind)])), facts([["A name", "a value"], ["Another", "another value"], ["Nothing", null]])),
  section("Tables", table({ id: "style-rows", caption: "Three rows", rows, columns, key: (r) => r.name }), table({ id: "style-none", caption: "No rows", rows: [], columns, empty: "Nothing yet." })),
  section("Notes and changes", forms()),
  section("Charts", h("div", { class: "charts" }, charts())),
  h("h2", {}, "Panels"),
  h("div", { class: "charts" }, panels()),
  ...rowsOfOthers(),
];
