// One row of Gold at its own address: risk and reasons beside what is typical, what happened, how the score moved, all features.
import { h } from "../lib/dom.js";
import { say } from "../lib/clipboard.js";
import { SLOW_MS } from "../lib/live.js";
import { allEntities, byPlural, feature, isDots, reasonFeature, reasonName, rowUrl, titleOf, value } from "../lib/names.js";
import { href } from "../lib/router.js";
import { agoElement, capital, decimal, many, moment, percent, placeElement, plainText, spaced, timeElement, visible } from "../lib/words.js";
import { badge, bar, empty, note } from "../parts/bits.js";
import { trend } from "../parts/chart.js";
import { daysPanels } from "../parts/days.js";
import { marksUrl } from "../parts/marks.js";
import { notesPanel } from "../parts/notes.js";
import { panel } from "../parts/panel.js";
import { hoursPanel, otherOf, relatedPanel } from "../parts/related.js";
import { risk, standingOf, typicalText } from "../parts/risk.js";
import { table } from "../parts/table.js";

const EVENTS = 50;
const LONG_ID = 100; // characters: its heading may scroll
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const queryOf = (e, id) => `FROM ${e.table} WHERE CAST("${e.key}" AS VARCHAR) = ${quoted(id)}`;
const partUrl = (e, id, part) => `/api/v1/${e.plural}/${encodeURIComponent(id)}/${part}`;

// ---- risk and reasons ----

const before = (e, one) => {
  const b = one.risk.before;
  if (!b) return null;
  return h("p", { class: "note" }, `Before ${b.churn_probability == null ? "not scored" : percent(b.churn_probability, 1)}${b.risk_band ? ` (${b.risk_band})` : ""}, `, agoElement(b.at, "until "), ".");
};

const atStake = (e, one) => {
  const worth = one.features[e.risk.value];
  if (!e.risk.value_name || worth == null || one.risk.churn_probability == null) return null;
  return h("p", {}, `${e.risk.value_title}: ${decimal(worth * one.risk.churn_probability, 0)} ${e.risk.value_unit} of ${decimal(worth, 0)}.`);
};

const reasonsTable = (e, one) => {
  const reasons = one.risk.reasons ?? [];
  const most = Math.max(...reasons.map((r) => Math.abs(r.contribution)), 1e-9);
  const unit = (r) => reasonFeature(e, r).unit;
  const typical = (r) => one.typical?.[r.feature];
  return table({ id: "reasons", caption: "Main reasons for the score, beside what is typical", rows: reasons, key: (r) => r.feature, empty: "No reasons yet.", columns: [
    { title: "Reason", isHead: true, cell: (r) => capital(reasonName(e, r)) },
    { title: "Here", isNum: true, cell: (r) => value(r.value, unit(r)) },
    ...(one.typical ? [{ title: "Typical", isNum: true, cell: (r) => value(typical(r)?.p50, unit(r)) }, { title: "Among all", cell: (r) => standingOf(r.value, typical(r), feature(e, r.feature).worse) }] : []),
    { title: "Effect", class: "when", cell: (r) => [bar(Math.abs(r.contribution) / most, r.contribution > 0 ? "high" : "low"), h("span", { class: "note" }, r.contribution > 0 ? "raises it" : "lowers it")] }] });
};

const riskPanel = (e, id) => panel({
  id: "risk", title: capital(e.risk.title), height: 260, urls: { one: rowUrl(e, id) }, every: SLOW_MS,
  render: ({ one }) => [h("p", { class: "risk wide-risk", "data-answer": "risk" }, risk(one.risk, one.features[e.risk.label])), atStake(e, one), before(e, one),
    one.risk.scored_at ? h("p", { class: "note" }, `By ${one.risk.model_id}, `, agoElement(one.risk.scored_at), ".") : null, h("div", { "data-answer": "why" }, reasonsTable(e, one))],
});

// ---- features ----

const featureRows = (e, one) => {
  const rows = new Map();
  for (const [name, v] of Object.entries(one.features)) {
    const f = feature(e, name);
    if (!rows.has(f.base)) rows.set(f.base, { base: f.base, label: f.label, unit: f.unit, worse: f.worse, values: {}, typical: null });
    rows.get(f.base).values[f.window || "all"] = v;
    if (!f.window && name !== e.risk?.label) rows.get(f.base).typical = one.typical?.[name]; // a label has no middle
  }
  return [...rows.values()];
};

const featuresPanel = (e, id) => panel({
  id: "features", title: "Features", sql: queryOf(e, id), height: 320, urls: { one: rowUrl(e, id) }, every: SLOW_MS,
  render: ({ one }) => {
    const rows = featureRows(e, one);
    const windows = [...new Set(rows.flatMap((row) => Object.keys(row.values)))].filter((w) => w !== "all");
    const inWindow = (row, w) => (w in row.values ? value(row.values[w], row.unit) : "");
    return table({ id: "features", caption: `Features of this ${e.title}`, rows, key: (row) => row.base, columns: [
      { title: "Feature", isHead: true, cell: (row) => capital(row.label) }, { title: "All time", isNum: true, value: (row) => row.values.all, cell: (row) => inWindow(row, "all") },
      ...windows.map((w) => ({ title: w, isNum: true, value: (row) => row.values[w], cell: (row) => inWindow(row, w) })),
      ...(one.typical ? [{ title: "Typical, all time", isNum: true, cell: (row) => typicalText(row.typical, row.unit) }, { title: "Among all", cell: (row) => standingOf(row.values.all, row.typical, row.worse) }] : [])] });
  },
});

// ---- what happened ----

// The id of a row of an entity leads to it, under the name that people give to such a row.
const eventField = ([name, v]) => {
  const e = allEntities().find((one) => one.key === name);
  const text = e ? visible(String(v)) : plainText(v);
  return h("span", { class: "reason" }, `${e ? e.title : spaced(name)} `, e ? h("a", { class: "id", title: text, href: href(["entities", e.plural, String(v)]) }, h("bdi", {}, text)) : h("b", {}, h("bdi", {}, text)));
};
const eventFields = (event) => Object.entries(event.fields ?? {}).slice(0, 6).map(eventField);

const timelinePanel = (e, id) => panel({
  id: "timeline", title: "What happened", answers: "lately", note: "newest first, with the place in Kafka", height: 320, every: SLOW_MS, urls: { events: `${partUrl(e, id, "events")}?limit=${EVENTS}` },
  render: ({ events }) => [table({ id: "timeline", caption: "Events, newest first", rows: events.items, key: (r) => `${r.topic} ${r.partition} ${r.offset}`, empty: "No event is kept.", columns: [
    { title: "When", isHead: true, class: "when", cell: (r) => timeElement(r.event_timestamp) },
    { title: "Event", cell: (r) => h("span", { class: "id", title: r.event_type }, r.event_type) },
    { title: "Layer", cell: (r) => (r.state === "silver" ? badge("ok", "Silver") : [badge("degraded", capital(r.state ?? "Bronze")), h("span", { class: "note" }, ` ${spaced(r.rule)} ${r.field ?? ""}`)]) },
    { title: "Fields", cell: (r) => (r.reason ? h("span", { class: "note" }, r.reason) : eventFields(r)) },
    { title: "Offset", class: "note when", cell: (r) => placeElement(r) }] }),
  events.next_before ? h("p", { class: "note" }, `The newest ${events.items.length} are shown.`) : null],
});

// ---- how the score moved ----

const scoreModel = (e, items) => {
  const points = items.filter((s) => s.churn_probability != null).reverse();
  return { id: "scores", title: `${capital(e.risk.title)} over time`, unit: "probability", isShare: true, most: 1.02, x: points.map((s) => Date.parse(s.at) / 1000),
    series: [{ name: e.risk.title, kind: "line", values: points.map((s) => s.churn_probability) }],
    words: `${many(points.length, "score", "scores")} that moved enough to be recorded; newest ${percent(points.at(-1).churn_probability, 1)} since ${moment(points.at(-1).at)}.` };
};

const scoresPanel = (e, id) => panel({
  id: "scores", title: "How the score moved", answers: "moved", sql: `FROM score_changes WHERE entity_id = ${quoted(id)} ORDER BY scored_at`, height: 320, every: SLOW_MS, urls: { scores: `${partUrl(e, id, "scores")}?limit=200`, past: marksUrl("-30d") }, optional: ["past"],
  render: ({ scores, past }) => (scores.items.filter((s) => s.churn_probability != null).length === 0 ? empty("No change of the score is recorded yet. A score is recorded when its band changes or it moves by 0.05.") : trend({ ...scoreModel(e, scores.items), marks: past?.marks })),
});

// Whom a row without a risk has to do with comes before its events.
const related = (e, id) => {
  const other = otherOf(e);
  if (!other) return null;
  return e.risk ? relatedPanel(e, id, other) : h("div", { class: "pair" }, relatedPanel(e, id, other), hoursPanel(e, id, other));
};

export const render = ({ parts: [plural, id] }) => {
  const e = byPlural(plural);
  const head = h("div", { class: "page-head" },
    h("div", {}, h("p", { class: "note" }, h("a", { href: href(["entities", plural]) }, titleOf(e)), " /"), h("h1", { "data-testid": "entity-id", tabindex: id.length > LONG_ID ? 0 : null }, h("bdi", {}, visible(id)))),
    h("div", { class: "filters" }, h("button", { type: "button", class: "quiet", click: (event) => say(id, event.currentTarget) }, "Copy id"),
      h("a", { class: "quiet", href: rowUrl(e, id), "data-testid": "json" }, "Show as JSON")));
  if (isDots(id)) return [head, e.risk ? riskPanel(e, id) : null, featuresPanel(e, id), note("Its events, notes and days cannot be asked for: browsers take an id of dots for a part of a path.")].filter(Boolean);
  if (!e.risk) return [head, related(e, id), daysPanels(e, id), featuresPanel(e, id), timelinePanel(e, id)].filter(Boolean);
  return [head, h("div", { class: "pair" }, riskPanel(e, id), scoresPanel(e, id)), notesPanel(partUrl(e, id, "notes")), timelinePanel(e, id), featuresPanel(e, id), daysPanels(e, id), related(e, id)].filter(Boolean);
};
