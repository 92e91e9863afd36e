// Overview: is it well and fresh, how many and how much at risk against before, who is new, is the inflow usual, what first.
import { url } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { allEntities, main, named, titleOf, worth } from "../lib/names.js";
import { href } from "../lib/router.js";
import { agoElement, capital, change, count, many, moment, now, percent, short, visible } from "../lib/words.js";
import { answer, answers, badge, empty, inWords, missing, worstPart } from "../parts/bits.js";
import { chart, trend } from "../parts/chart.js";
import { hoursModel, inflowAnswer } from "../parts/hours.js";
import { panel } from "../parts/panel.js";
import { rangeOf, rangeSelect, windowOf } from "../parts/range.js";
import { table } from "../parts/table.js";

const FROM = "-7d";
const DAY_MS = 86400000;
const overview = "/api/v1/overview";
const status = "/api/v1/status";
const changes = (e) => (e.risk ? "/api/v1/changes?since=-24h&limit=100" : null);
const listOf = (e, query) => href(["entities", e.plural], query);

// ---- answers ----

const isWell = (s, o) => answer("well", "Is everything well?", inWords(s, "All parts work"),
  s.checked_at ? [agoElement(s.checked_at, "Checked "), o.events.as_of ? agoElement(o.events.as_of, ", data as of ") : null] : s.summary, { state: s.state, href: href("status") });

const whoIsNew = (e, c, o, source) => {
  if (!e.risk) return null;
  if (c?.entered_total === 0 && !o.before?.day) return answer("new", "New at high risk in 24 hours", "Not known yet", "There are no scores of a day ago.");
  if (!c) return answer("new", "New at high risk", "Not known", missing(source, "This server keeps no changes of scores."));
  const names = c.entered.slice(0, 3).map((row, i) => [i > 0 ? ", " : null, h("bdi", {}, visible(row[e.key]))]);
  return answer("new", "New at high risk in 24 hours", c.entered_total === 0 ? "None" : count(c.entered_total),
    c.entered_total === 0 ? `${many(c.left_total, "left", "left")} the band` : [names, `; ${count(c.left_total)} left the band`], { href: c.entered_total > 0 ? listOf(e, { band: "high" }) : null });
};

const whatFirst = (e, s, top, source) => {
  const part = worstPart(s);
  if (part) return answer("first", "What first?", `${part.title} is ${part.state}`, part.detail.split(". ")[0], { state: part.state, href: href("status") });
  if (e.risk && !top) return answer("first", "What first?", "Not known", missing(source));
  const row = top?.items?.[0];
  if (!e.risk || !row) return answer("first", "What first?", s.state === "ok" ? "Nothing needs you" : "Not known", `${inWords(s, "All parts work")}.`, { state: s.state });
  return answer("first", "What first?", `Call ${visible(row[e.key])}`, row.churn_probability == null ? "Not scored yet" : `Most ${e.risk.value_name ? "at stake" : "at risk"}: ${percent(row.churn_probability, 1, 0)} ${e.risk.title}`,
    { href: href(["entities", e.plural, row[e.key]]) });
};

const answersPanel = (e) => panel({
  id: "answers", title: "Answers", isPlain: true, isBare: true, height: 134,
  urls: { s: status, o: overview, c: changes(e), top: e.risk ? `/api/v1/${e.plural}?limit=1&sort=${e.risk.value_name ? "-value" : "-risk"}` : null }, optional: ["c", "top"], every: SLOW_MS,
  render: ({ s, o, c, top }, sources) => {
    const inflow = inflowAnswer(o.inflow);
    return answers(isWell(s, o), whatFirst(e, s, top, sources.top), whoIsNew(e, c, o, sources.c), answer("inflow", "Is the inflow usual?", inflow.text, inflow.note, { state: inflow.state, href: href("pipeline") }));
  },
});

// ---- headline ----

const figure = (id, label, number, ...notes) => h("div", { "data-testid": `figure-${id}`, "data-key": id, "data-answer": id === "at-risk" || id === "entities" ? "how-many" : null },
  h("dt", {}, label), h("dd", {}, number), notes.filter(Boolean).map((note) => h("dd", { class: "note" }, note)));

// "+3 since yesterday, −12 in a week".
const against = (now, before, key) => {
  const since = (name, then) => (then?.[key] == null ? null : `${change(Math.round(now - then[key]))} ${name}`);
  const both = [since("since yesterday", before?.day), since("in a week", before?.week)].filter(Boolean);
  return both.length > 0 ? both.join(", ") : null;
};

const riskFigures = (e, s, before) => {
  const byRule = s.scored === 0 && s.total > 0;
  const all = worth(s, e.risk, "");
  const atRisk = worth(s, e.risk, "_at_risk");
  return [
    figure("at-risk", capital(`at ${e.risk.title}`), count(s.at_risk),
      `${percent(s.at_risk, s.total)} of ${named(s.total, e)}${byRule ? ", by Gold's rule (no model yet)" : ""}`, against(s.at_risk, before, "at_risk")),
    all == null ? null : figure("value", e.risk.value_title, short(Math.round(atRisk)), `${e.risk.value_unit}, ${percent(atRisk, all)} of the total`, against(atRisk, before, "value_at_risk"))];
};

// These hours end with the newest event, which may be of long ago.
const upTo = ({ layers }) => {
  const newest = layers.find((one) => one.layer === "bronze")?.newest_event_at;
  return newest && now() - Date.parse(newest) > DAY_MS ? `up to the newest, ${moment(newest)} UTC` : null;
};
const figuresPanel = (e) => panel({
  id: "figures", title: "Key figures", isPlain: true, isBare: true, height: 132, urls: { o: overview },
  render: ({ o }) => {
    const { events, before } = o;
    const own = e.risk ? riskFigures(e, o[e.plural], before) : [figure("entities", capital(e.title_plural), count(o[e.plural].total), (o[e.plural].total === 0 && e.description) || "with features in Gold", against(o[e.plural].total, before, "total"))];
    return h("dl", { class: "figures", "data-testid": "figures" }, own.filter(Boolean),
      figure("events", "Events in 24 hours", short(events.last_24h), upTo(o), `${count(events.bronze)} in Bronze in total`),
      figure("quarantine", "In quarantine", percent(events.quarantined, events.silver + events.quarantined), many(events.quarantined, "event", "events"), against(events.quarantined, before, "quarantined")));
  },
});

// ---- layers ----

const layerWords = (e) => ({
  bronze: ["Bronze", ["raw event", "raw events"], "Every message unchanged, exactly once"],
  silver: ["Silver", ["clean event", "clean events"], "Typed and checked against the contracts"],
  gold: ["Gold", [e.title, e.title_plural], `Features per ${allEntities().map((one) => one.title).join(", ")}`],
  scores: ["Scores", ["scored", "scored"], `${capital(e.risk?.title ?? "risk")}, with reasons`],
});

const layer = (e, l, s) => {
  const [title, [one, more], what] = layerWords(e)[l.layer];
  const part = s?.components.find((c) => c.name === (l.layer === "scores" ? "model" : l.layer));
  return h("li", { "data-layer": l.layer, "data-testid": `layer-${l.layer}`, "data-key": l.layer },
    h("div", { class: "layer-head" }, h("h3", {}, title), part ? badge(part.state) : null),
    h("p", { class: "big" }, short(l.row_count), h("span", { class: "unit" }, ` ${l.row_count === 1 ? one : more}`)), h("p", { class: "note" }, what),
    l.newest_event_at ? h("p", { class: "fresh" }, agoElement(l.newest_event_at, "Newest event ")) : null,
    h("p", { class: "fresh" }, l.updated_at ? agoElement(l.updated_at, "Updated ") : "No data yet"),
    part && part.state !== "ok" ? h("p", { class: "why" }, part.detail) : null);
};

const fates = ({ events: e }) => `${many(e.offsets, "offset", "offsets")} read: ${count(e.bronze)} landed, ${many(e.duplicates, "duplicate", "duplicates")}, ${count(e.rejected)} rejected, ${many(e.gaps, "gap", "gaps")}${e.lost > 0 ? `, ${count(e.lost)} of them lost for good` : ""}.`;

const layersPanel = (e) => panel({
  id: "layers", title: "Layers", isPlain: true, height: 180, urls: { o: overview, s: status }, optional: ["s"],
  render: ({ o, s }) => [h("ol", { class: "layers", "data-testid": "layers" }, o.layers.filter((l) => l.layer !== "scores" || e.risk).map((l) => layer(e, l, s))),
    h("p", { class: "note", "data-testid": "fates" }, fates(o))],
});

// ---- inflow, and who is new ----

const numbersUrl = (e) => url("/api/v1/history", { metric: e.risk ? "at_risk,value_at_risk" : "total,quarantined", from: rangeOf(FROM) });
const hoursPanel = (e) => panel({
  id: "inflow", title: "Events per hour", height: 366, urls: { o: overview, numbers: numbersUrl(e) }, optional: ["numbers"],
  render: ({ o, numbers }) => (o.hours.length === 0 ? empty("No events yet.") : chart({ ...hoursModel(o.hours, o.inflow), marks: numbers?.marks })),
});

const share = (p) => (p == null ? "not scored" : percent(p, 1));
const changesPanel = (e) => panel({
  id: "changes", title: "New at high risk", note: "in the last 24 hours", height: 340, urls: { c: changes(e) }, every: SLOW_MS,
  render: ({ c }) => [table({
    id: "changes", caption: "New at high risk in the last 24 hours, largest change first", rows: c.entered.slice(0, 8), key: (row) => row[e.key], empty: `No ${e.title_plural} entered the band high.`,
    columns: [
      { title: capital(e.title), isHead: true, cell: (row) => h("a", { href: href(["entities", e.plural, row[e.key]]), class: "id", "data-row": true }, h("bdi", {}, visible(row[e.key]))) },
      { title: "Before", isNum: true, cell: (row) => share(row.before) }, { title: "Now", isNum: true, cell: (row) => share(row.now) },
      { title: "Since", cell: (row) => agoElement(row.at) }] }),
  h("p", { class: "note" }, `${count(c.entered_total)} entered, ${count(c.left_total)} left. `, h("a", { href: listOf(e, { band: "high" }) }, `All ${e.title_plural} at high risk`))],
});

// ---- over time ----

// The declarations say what it is called and counted in.
const nameOf = (e, m) => capital({ at_risk: e.risk && `at ${e.risk.title}`, value_at_risk: e.risk?.value_title }[m.metric] ?? m.title);
const trendModel = (e, m, marks) => ({ id: `trend-${m.metric}`, title: nameOf(e, m), unit: m.unit || (m.metric === "quarantined" ? "events" : e.title_plural), one: m.unit === "events" || m.metric === "quarantined" ? "event" : m.unit || e.title, marks, window: windowOf(rangeOf(FROM)), x: m.points.map(([at]) => Date.parse(at) / 1000),
  series: [{ name: nameOf(e, m), kind: "line", values: m.points.map(([, n]) => n) }], words: `Newest: ${short(m.points.at(-1)[1])}, ${moment(m.points.at(-1)[0])}.` });

const trendPanel = (e) => panel({
  id: "trend", title: "Over time", sql: "FROM history ORDER BY made_at", height: 340, every: SLOW_MS, urls: { numbers: numbersUrl(e) },
  render: ({ numbers }) => {
    const shown = numbers.metrics.filter((m) => m.points.some(([, n]) => n != null));
    return shown.length === 0 ? empty("No number was recorded in this time.") : h("div", { class: "charts" }, shown.map((m) => trend(trendModel(e, m, numbers.marks))));
  },
});

const others = () => allEntities().filter((e) => e !== main()).map((e) => h("a", { href: listOf(e), class: "card tile", "data-testid": `entity-${e.entity}` }, h("strong", {}, titleOf(e)), e.description ? h("span", { class: "note" }, e.description) : null));

const setUp = () => {
  const place = h("div", {});
  import("../parts/setup.js").then((m) => place.append(m.setUp()));
  return place;
};

export const render = () => {
  const e = main();
  const head = h("div", { class: "page-head" }, h("h1", {}, "Overview"), e ? rangeSelect(FROM) : null);
  if (!e) return [head, setUp()];
  return [head, answersPanel(e), figuresPanel(e), layersPanel(e),
    h("div", { class: e.risk ? "pair" : "single" }, hoursPanel(e), e.risk ? changesPanel(e) : null), trendPanel(e),
    allEntities().length > 1 ? h("div", { class: "tiles" }, others()) : null];
};
