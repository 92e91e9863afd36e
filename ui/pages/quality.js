// Quality: what does not pass, by rule and field: since when, from whom, which events, who must mend it, and whether it came back.
import { url } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { href, parse, setQuery } from "../lib/router.js";
import { agoElement, brief, capital, count, hourElement, many, moment, now, percent, spaced, stepWord } from "../lib/words.js";
import { answer, answers, badge, bar, command, empty, missing } from "../parts/bits.js";
import { chart } from "../parts/chart.js";
import { marksUrl } from "../parts/marks.js";
import { panel } from "../parts/panel.js";
import { rangeOf, rangeSelect, stepOf } from "../parts/range.js";
import { table } from "../parts/table.js";
import { badEvents } from "./quality_events.js";
import { shownGroups, stateBadge, stateFilter, statePanel, waits } from "./quality_state.js";

const FROM = "-7d";
const overview = "/api/v1/overview";
const contracts = "/api/v1/quality/contracts";
const qualityUrl = () => url("/api/v1/quality", { from: rangeOf(FROM), step: stepOf(rangeOf(FROM)) });

const dayUrl = url("/api/v1/quality", { from: "-24h", step: "1h" }); // of an answer that is of a day, whatever time the page shows

const nameOf = (g) => `${spaced(g.rule)}${g.field ? ` of ${g.field}` : ""}`;
const keyOf = (g) => `${g.layer} ${g.rule} ${g.field ?? ""}`;
const target = (g) => href("quality", { ...parse().query, rule: g.rule, field: g.field, layer: g.layer });
const most = (list, name) => list?.[0]?.[name];

// The contract of the events in which a group is: whose it is.
const contractOf = (group, list) => list?.contracts.find((c) => c.event_type === most(group.event_types, "event_type"));

// ---- answers ----

// Nothing is usual before there was a day.
const DAY_MS = 86400000;
const isYoung = (q) => q.groups.every((g) => now() - Date.parse(g.first_at) < DAY_MS);

// What is usual is the mean of all before this day.
const worse = (q) => {
  if (isYoung(q)) return answer("worse", "Worse than usual?", "Too early to say", `${many(q.quarantined + q.rejected, "event", "events")} did not pass, all of them within a day.`);
  const above = (g) => g.in_range / 24 - g.usual_per_hour, [top] = q.groups.filter(waits).sort((a, b) => above(b) - above(a));
  if (!top || top.in_range === 0) return answer("worse", "Worse than usual?", "No", "No group has events in the last 24 hours.", { state: "ok" });
  const perHour = top.in_range / 24, isWorse = perHour > 2 * top.usual_per_hour;
  return answer("worse", "Worse than usual?", isWorse ? capital(nameOf(top)) : "As usual", `${brief(perHour)} per hour in 24 hours, usual ${brief(top.usual_per_hour)}; newest in the hour of ${moment(top.newest_at)}`, { state: isWorse ? "degraded" : "ok", href: target(top) });
};

const since = (g) => answer("since", "Which rule, since when?", capital(nameOf(g)), [`${many(g.in_range, "event", "events")}, `, hourElement(g.first_at, "first ")], { href: target(g) });

const sender = (g) => {
  const [source] = g.sources ?? [];
  return source ? answer("source", "Who sends it?", source.source ?? "no source", `${percent(source.events, g.in_range)} of them, in ${most(g.event_types, "event_type") ?? "no"} events`, { href: target(g) })
    : answer("source", "Who sends it?", "Not known", "A message that is no event names no source.");
};

const owner = (g, list, source) => {
  if (!list) return answer("owner", "Who must mend it?", "Not known", missing(source));
  const c = contractOf(g, list);
  return c ? answer("owner", "Who must mend it?", c.owner ?? "No owner declared", [h("code", {}, c.file ?? c.event_type), c.support ? `, ${c.support}` : ""]) : answer("owner", "Who must mend it?", "Not declared", "The contract names no owner.");
};

const replay = (g) => h("li", { class: "answer", "data-answer": "replay", "data-key": "replay" }, h("p", { class: "question" }, "After the fix"), command("smelt quarantine replay"), h("p", { class: "note" }, g.state === "open" ? "Still coming in the last 24 hours." : "Quiet for 24 hours."));

const answersPanel = () => panel({
  id: "answers", title: "Answers", isPlain: true, isBare: true, height: 134, every: SLOW_MS, urls: { q: qualityUrl(), day: dayUrl, list: contracts }, optional: ["list"],
  render: ({ q, day, list }, sources) => {
    const seen = q.groups.filter((one) => one.in_range > 0), [g] = seen.filter(waits);
    if (!g) return answers(answer("worse", "Worse than usual?", "No", seen.length === 0 ? `Every event ${q.groups.length > 0 ? "of this time " : ""}passed.` : `Nothing waits: ${many(seen.length, "group is", "groups are")} accepted or fixed.`, { state: "ok" }));
    return answers(worse(day), since(g), sender(g), owner(g, list, sources.list), replay(g));
  },
});

// ---- five events of the group with the most ----

const examplesPanel = () => panel({
  id: "examples", title: "Examples", isPlain: true, isBare: true, height: 320, every: SLOW_MS, urls: { q: qualityUrl() },
  render: ({ q, g = q.groups.find((one) => waits(one) && one.in_range > 0) }) => (g ? h("div", { "data-answer": "events" }, badEvents(g, { title: `Newest: ${nameOf(g)}`, most: 5 })) : null),
});

// ---- over time ----

const trendModel = (q) => {
  const x = [];
  for (let t = Math.floor(Date.parse(q.from) / 1000 / q.step_s) * q.step_s; t <= Date.parse(q.to) / 1000; t += q.step_s) x.push(t);
  const top = q.groups.slice(0, 3), rest = q.groups.slice(3);
  const values = (groups) => {
    const sums = new Map();
    for (const g of groups) for (const [at, n] of g.hours) sums.set(Date.parse(at) / 1000, (sums.get(Date.parse(at) / 1000) ?? 0) + n);
    return x.map((t) => sums.get(t) ?? 0);
  };
  return { id: "quality", title: "Events that did not pass", unit: `events per ${stepWord(q.step_s)}`, x, isStacked: true,
    series: [...top.map((g) => ({ name: nameOf(g), kind: "bar", values: values([g]) })), ...(rest.length > 0 ? [{ name: "other rules", kind: "bar", values: values(rest) }] : [])],
    words: `${many(q.quarantined, "event", "events")} in quarantine and ${many(q.rejected, "message", "messages")} rejected.` };
};

const trendPanel = () => panel({
  id: "trend", title: "What did not pass, over time", sql: "SELECT hour, rule, field, sum(events) AS events FROM quality_hours GROUP BY ALL ORDER BY ALL", height: 366, every: SLOW_MS, urls: { q: qualityUrl(), past: marksUrl(rangeOf(FROM)) }, optional: ["past"],
  render: ({ q, past }) => (q.groups.length === 0 ? empty("Every event passed in this time.") : chart({ ...trendModel(q), marks: past?.marks })),
});

// ---- groups ----

const groupsTable = (q, rows) => table({
  id: "groups", caption: "Events that did not pass, by rule and field, most first", rows, isShort: rows.length > 12, key: keyOf, empty: q.groups.length === 0 ? "Every event passed." : "No group is in this state.",
  columns: [
    { title: "Rule", isHead: true, cell: (g) => [h("a", { href: target(g), "data-row": true, title: g.reason ?? g.example ?? null }, capital(spaced(g.rule))), g.layer === "bronze" ? h("span", { class: "note" }, " rejected message") : null] },
    { title: "Field", cell: (g) => (g.field ? h("code", {}, g.field) : h("span", { class: "note" }, "whole message")) },
    { title: "Events", isNum: true, value: (g) => g.in_range, cell: (g) => [count(g.in_range), bar(g.in_range / Math.max(...q.groups.map((one) => one.in_range), 1), "plain")] },
    { title: "Sources", cell: (g) => (g.sources ?? []).slice(0, 2).map((s, i) => `${i > 0 ? ", " : ""}${s.source ?? "none"}`) },
    { title: "First", class: "note when", cell: (g) => hourElement(g.first_at) }, { title: "Newest", class: "note when", cell: (g) => hourElement(g.newest_at) },
    { title: "State", cell: stateBadge }],
});

const groupsPanel = () => panel({
  id: "groups", title: "By rule and field", sql: "SELECT layer, rule, field, sum(events) AS events, min(hour), max(hour) FROM quality_hours GROUP BY ALL ORDER BY events DESC", note: "open one to see its events", height: 320, every: SLOW_MS, urls: { q: qualityUrl() }, render: ({ q }) => [stateFilter(), groupsTable(q, shownGroups(q.groups))],
});

// What every server has: the counts since ever. It stands in for the groups where those are not.
const countsTable = ({ quarantine: rows }) => table({
  id: "quarantine", caption: "Quarantined events and rejected messages by rule since the first event, most frequent rule first", rows: rows.slice(0, 10), key: (r) => `${r.layer} ${r.rule} ${r.field}`, empty: "No event is in quarantine and no message was rejected.",
  columns: [{ title: "Rule", isHead: true, cell: (r) => [h("span", { title: r.example ?? null }, capital(spaced(r.rule))), r.layer === "bronze" ? h("span", { class: "note" }, " rejected message") : null] },
    { title: "Field", cell: (r) => (r.field ? h("code", {}, r.field) : h("span", { class: "note" }, "whole message")) },
    { title: "Events", isNum: true, cell: (r) => [count(r.events), bar(r.events / Math.max(...rows.map((one) => one.events), 1), "plain")] }, { title: "Newest", class: "note when", cell: (r) => agoElement(r.newest_at) }],
});

const driftWords = (drift) => (drift.length === 0 ? ["No drift: the events have the fields of their contracts."]
  : ["Drift: ", ...drift.slice(0, 5).flatMap((d, i) => [i > 0 ? "; " : "", h("code", {}, d.field), ` in ${d.event_type}, ${spaced(d.kind)} (${many(d.events, "event", "events")})`, d.first_at ? agoElement(d.first_at, ", since ") : ""]), "."]);

const countsPanel = () => panel({
  id: "counts", title: "Since the first event", sql: "FROM serving_quarantine ORDER BY events DESC", height: 300, every: SLOW_MS, urls: { o: overview },
  render: ({ o }) => [countsTable(o), o.quarantine.length > 10 ? h("p", { class: "note" }, `And ${many(o.quarantine.length - 10, "more rule", "more rules")}.`) : null, h("p", { class: "note", "data-testid": "drift" }, driftWords(o.drift))],
});

const rulesPanel = () => panel({
  id: "rules", title: "Rules about many events", sql: "FROM quality_history ORDER BY measured_at DESC", height: 160, every: SLOW_MS, urls: { q: qualityUrl() },
  render: ({ q }) => table({ id: "rules", caption: "Rules about many events, newest measurement", rows: q.rules ?? [], key: (r) => `${r.event_type} ${r.rule} ${r.field}`, empty: "The contracts declare no rule about many events.", columns: [
    { title: "Rule", isHead: true, cell: (r) => `${r.event_type}: ${spaced(r.rule)}` }, { title: "Must", cell: (r) => r.must }, { title: "Is", isNum: true, cell: (r) => brief(r.value) },
    { title: "State", cell: (r) => badge(r.holds ? "ok" : r.severity === "warning" ? "degraded" : "down", r.holds ? "Holds" : "Does not hold") }, { title: "Measured", class: "note when", cell: (r) => agoElement(r.measured_at) }] }),
});

const closeButton = () => h("button", { type: "button", class: "quiet", click: () => setQuery({ rule: null, field: null, layer: null }) }, "Back to all rules");

export const render = ({ query }) => {
  const head = h("div", { class: "page-head" }, h("h1", {}, query.rule ? `Quality: ${spaced(query.rule)}${query.field ? ` of ${query.field}` : ""}` : "Quality"), query.rule ? closeButton() : rangeSelect(FROM));
  if (query.rule) return [head, statePanel(query, qualityUrl()), badEvents(query), groupsPanel()];
  return [head, answersPanel(), trendPanel(), groupsPanel(), examplesPanel(), h("div", { class: "pair even" }, countsPanel(), rulesPanel())];
};
