// Pipeline: how far behind and where, how fast and when it is level, how long from event to score, which step is slower, is every offset
// accounted for.
import { url } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { agoElement, brief, capital, count, decimal, duration, many, moment, percent, placeElement, stepWord } from "../lib/words.js";
import { answer, answers, badge, bar, empty, facts, missing } from "../parts/bits.js";
import { chart, trend } from "../parts/chart.js";
import { panel } from "../parts/panel.js";
import { rangeOf, rangeSelect, windowOf } from "../parts/range.js";
import { table } from "../parts/table.js";

const FROM = "-6h";
const THROUGHPUT_MOST = ["-6h", "-24h", "-48h"]; // the lake keeps batches for two days
const overview = "/api/v1/overview";
const partitions = "/api/v1/partitions";
const audit = "/api/v1/audit";
const runs = "/api/v1/runs?limit=8";
const latency = () => url("/api/v1/latency", {});
const THROUGHPUT_NOW = "/api/v1/throughput?from=-1h&step=1m";
const throughput = () => url("/api/v1/throughput", { from: THROUGHPUT_MOST.includes(rangeOf(FROM)) ? rangeOf(FROM) : "-48h" });
const historyUrl = () => url("/api/v1/history", { metric: "pending,silver", from: rangeOf(FROM) });

const s = (seconds) => (seconds == null ? "–" : duration(Math.round(seconds * 10) / 10));

// ---- answers ----

const lagOf = (p) => p.partitions.reduce((sum, one) => sum + (one.lag ?? 0), 0);
const behind = (p, source) => {
  if (!p) return answer("behind", "How far behind?", "Not known", missing(source));
  const known = p.partitions.filter((one) => one.lag != null);
  if (known.length === 0) return answer("behind", "How far behind?", "Not known", p.partitions.length > 0 ? "Kafka does not answer, so the ends of its partitions are not known." : "No partition was read yet.");
  const [worst] = [...known].sort((a, b) => b.lag - a.lag);
  return answer("behind", "How far behind?", lagOf(p) === 0 ? "Level" : many(lagOf(p), "message", "messages"), lagOf(p) === 0 ? many(known.length, "partition", "partitions") : `Most: partition ${worst.partition} of ${worst.topic} (${count(worst.lag)})`, { state: lagOf(p) === 0 ? "ok" : null });
};

// A minute has a point when something was read in it: so the mean of the minutes up to the newest one, and whether that is now.
const MINUTES = 5, IDLE_AFTER = 3;
const rateOf = ({ points, step_s: step, to }) => {
  const at = (one) => Date.parse(one.at) / 1000, newest = at(points.at(-1)), minutes = Math.min(MINUTES, (newest - at(points[0])) / step + 1);
  return { perSecond: points.filter((one) => at(one) > newest - minutes * step).reduce((sum, one) => sum + one.rows_per_s, 0) / minutes, isNow: Date.parse(to) / 1000 - newest < IDLE_AFTER * step };
};
const rate = (t, p, source) => {
  const say = (text, note) => answer("rate", "How fast, and level when?", text, note);
  if (!t) return say("Not known", missing(source));
  const isKnown = p?.partitions.some((one) => one.lag != null), lag = isKnown ? lagOf(p) : 0;
  const waiting = !isKnown ? "what waits is not known" : lag === 0 ? "nothing waits" : many(lag, "message waits", "messages wait");
  if (t.points.length === 0) return say("Nothing in the last hour", capital(waiting));
  const { perSecond, isNow } = rateOf(t), speed = `${brief(perSecond)} rows/s`;
  if (!isNow) return say(speed, [agoElement(t.points.at(-1).at, "When it read last, "), `; ${waiting}`]);
  return say(speed, lag > 0 && perSecond > 0 ? `Level in about ${duration(lag / perSecond)}` : `The mean of the last minutes; ${waiting}`);
};

const howLong = (l, source) => (l?.last?.publish_p50_s == null ? answer("latency", "From event to score", "Not known", l ? "Nothing that came through Kafka was published in this time." : missing(source))
  : answer("latency", "From event to score", s(l.last.publish_p50_s), `95% within ${s(l.last.publish_p95_s)}; to Bronze ${s(l.last.arrival_p50_s)}`));

const slower = (r) => {
  const [run] = r.runs;
  if (!run) return answer("slower", "Which step failed or is slower?", "No run yet");
  const failed = run.steps.find((one) => one.state === "failed");
  if (failed) return answer("slower", "Which step failed or is slower?", `${failed.name} failed`, failed.error, { state: "down" });
  const slow = run.steps.filter((one) => one.usual_p90_s != null && one.seconds > one.usual_p90_s * 1.5 && one.seconds > 1).sort((a, b) => b.seconds / b.usual_s - a.seconds / a.usual_s)[0];
  if (slow) return answer("slower", "Which step failed or is slower?", `${slow.name} is slower`, `${s(slow.seconds)}, usually ${s(slow.usual_s)}`, { state: "degraded" });
  return answer("slower", "Which step failed or is slower?", "None", [agoElement(run.started_at, "Last run ")], { state: "ok" });
};

const auditMissing = (source) => (source?.error ? ["the last audit is not known: ", missing(source)] : "no audit is recorded");
const proof = (a, o, source) => {
  const e = o.events, difference = a ? a.balance.difference : e.offsets - e.bronze - e.duplicates - e.rejected - e.gaps;
  const last = a?.last;
  return answer("proof", "Is every offset accounted for?", difference === 0 && last?.ok !== false ? "Yes" : "No",
    [`${many(a?.balance.offsets ?? e.offsets, "offset", "offsets")}; `, last ? agoElement(last.at, last.ok ? "audit passed " : "audit failed ") : auditMissing(source)], { state: difference === 0 && last?.ok !== false ? "ok" : "down" });
};

const answersPanel = () => panel({
  id: "answers", title: "Answers", isPlain: true, isBare: true, height: 134, every: SLOW_MS,
  urls: { p: partitions, t: THROUGHPUT_NOW, l: latency(), r: runs, a: audit, o: overview }, optional: ["p", "t", "l", "a"],
  render: ({ p, t, l, r, a, o }, sources) => answers(behind(p, sources.p), rate(t, p, sources.t), howLong(l, sources.l), slower(r), proof(a, o, sources.a)),
});

// ---- panels ----

const partitionsPanel = () => panel({
  id: "partitions", title: "Partitions", sql: "FROM ledger_partitions", height: 240, every: SLOW_MS, urls: { p: partitions },
  render: ({ p }) => {
    const most = Math.max(...p.partitions.map((one) => one.lag ?? 0), 1);
    return table({ id: "partitions", caption: "Partitions and how far behind they are", rows: p.partitions, key: (r) => `${r.topic} ${r.epoch} ${r.partition}`, empty: "No partition was read yet.", isShort: p.partitions.length > 10, columns: [
      { title: "Partition", isHead: true, cell: (r) => placeElement(r) }, { title: "Read up to", isNum: true, cell: (r) => count(r.next_offset) },
      { title: "End in Kafka", isNum: true, cell: (r) => (r.end_offset == null ? "not known" : count(r.end_offset)) },
      { title: "Behind", isNum: true, value: (r) => r.lag, cell: (r) => (r.lag == null ? "not known" : [count(r.lag), lagOf(p) > 0 ? bar(r.lag / most, "plain") : null]) }, { title: "Updated", class: "note when", cell: (r) => agoElement(r.updated_at) }] });
  },
});

const latencyModel = ({ points, last, from, to }, marks) => ({ id: "latency", title: "Time from a record's own time", marks, unit: "seconds", window: [Date.parse(from) / 1000, Date.parse(to) / 1000], x: points.map((p) => Date.parse(p.at) / 1000),
  series: [["to Bronze, half", "arrival_p50_s"], ["to Bronze, 95%", "arrival_p95_s"], ["published, half", "publish_p50_s"], ["published, 95%", "publish_p95_s"]].map(([name, key]) => ({ name, kind: "line", values: points.map((p) => p[key]) })),
  words: last ? `Half of the events of the last generation were published within ${s(last.publish_p50_s)}, 95% within ${s(last.publish_p95_s)}.` : "" });

const numberModel = (m, marks) => ({ id: `h-${m.metric}`, title: capital(m.title), unit: m.unit || "events", one: m.unit && m.unit !== "events" ? m.unit : "event", marks, window: windowOf(rangeOf(FROM)), x: m.points.map(([at]) => Date.parse(at) / 1000), series: [{ name: m.title, kind: "line", values: m.points.map(([, v]) => v) }],
  words: `Newest: ${brief(m.points.at(-1)[1])}, ${moment(m.points.at(-1)[0])}.` });

// A bar is as wide as the way to the next one: one alone gets one before it.
const bars = (t) => (t.points.length === 1 ? [{ at: new Date(Date.parse(t.points[0].at) - t.step_s * 1000).toISOString() }, ...t.points] : t.points);
const throughputModel = (t, points, marks) => ({ id: "throughput", title: "Messages read", marks, unit: `messages per ${stepWord(t.step_s)}`, isStacked: true, window: [Date.parse(t.from) / 1000, Date.parse(t.to) / 1000],
  x: points.map((one) => Date.parse(one.at) / 1000), series: ["landed", "duplicates", "rejected", "gaps"].map((name) => ({ name, kind: "bar", values: points.map((one) => one[name] ?? 0) })),
  words: `${count(points.reduce((sum, one) => sum + (one.landed ?? 0), 0))} landed; newest ${brief(points.at(-1).rows_per_s)} rows per second.` });

const throughputPanel = () => panel({
  id: "throughput", title: "Throughput", height: 366, every: SLOW_MS, urls: { t: throughput(), hist: historyUrl() }, optional: ["hist"],
  render: ({ t, hist }) => (t.points.length === 0 ? empty("Nothing was read in this time.") : chart(throughputModel(t, bars(t), hist?.marks))),
});

const latencyPanel = () => panel({
  id: "latency", title: "From event to Bronze, and to a score", sql: "SELECT made_at, arrival_p50_s, arrival_p95_s, publish_p50_s, publish_p95_s FROM history ORDER BY ALL", height: 366, every: SLOW_MS, urls: { l: latency(), hist: historyUrl() }, optional: ["hist"],
  render: ({ l, hist }) => (l.points.length === 0 ? empty("Nothing that came through Kafka was published in this time. Lines of a file have no time of arrival.") : chart(latencyModel(l, hist?.marks))),
});

const historyPanel = () => panel({
  id: "history", title: "What waits, and what is in Silver", sql: "SELECT made_at, pending, silver FROM history ORDER BY ALL", height: 340, every: SLOW_MS, urls: { hist: historyUrl() },
  render: ({ hist }) => {
    const shown = hist.metrics.filter((m) => ["pending", "silver"].includes(m.metric) && m.points.length > 0);
    if (shown.length === 0) return empty("No number was recorded in this time.");
    return h("div", { class: "charts" }, shown.map((m) => trend(numberModel(m, hist.marks))));
  },
});

// ---- runs and the ledger ----

const runStates = { done: ["ok", "Done"], failed: ["down", "Failed"], stopped: ["degraded", "Stopped"] };

// What is usual of one run alone is itself.
const stepBar = (run, one, hasPast) => h("li", { class: "step-line", "data-state": one.state }, h("span", { class: "step", "data-state": one.state }, one.name, one.state === "done" ? "" : ` ${one.state}`),
  bar((one.seconds ?? 0) / Math.max(...run.steps.map((x) => Math.max(x.seconds ?? 0, x.usual_s ?? 0)), 0.001), one.usual_p90_s != null && one.seconds > 1.5 * one.usual_p90_s ? "medium" : "plain"),
  h("span", { class: "note" }, one.seconds == null ? "" : s(one.seconds), one.usual_s == null || !hasPast ? "" : `, usually ${s(one.usual_s)}`));

const runsPanel = () => panel({
  id: "runs", title: "Runs", sql: "FROM run_steps ORDER BY run_id DESC, position", note: "newest first, with the usual duration of each step", height: 380, every: SLOW_MS, urls: { r: runs, o: overview }, optional: ["o"],
  render: ({ r, o }) => table({ id: "runs", caption: "Runs of the pipeline, newest first", rows: r.runs, key: (run) => run.run_id, empty: ["No run yet: start one with ", h("code", {}, "smelt run"), "."], columns: [
    { title: "Started", isHead: true, class: "when", cell: (run) => agoElement(run.started_at) },
    { title: "State", cell: (run) => (run.state === "running" && o && !o.live ? h("span", { class: "note" }, "Published this snapshot") : badge(...(runStates[run.state] ?? ["unknown", "Running"]))) },
    { title: "Steps", class: "steps", cell: (run) => [h("ul", {}, run.steps.map((one) => stepBar(run, one, r.runs.length > 1))), run.error ? h("p", { class: "why" }, run.error) : null] },
    { title: "Seconds", isNum: true, cell: (run) => (run.seconds == null ? "" : decimal(run.seconds, 1)) }] }),
});

const lossWords = (l) => `Lost last: ${l.topic} partition ${l.partition}, offsets ${count(l.first_offset)} to ${count(l.next_offset - 1)} (${l.reason}), noticed `;

const ledgerPanel = () => panel({
  id: "ledger", title: "Every offset", height: 200, every: SLOW_MS, urls: { o: overview, a: audit }, optional: ["a"],
  render: ({ o, a }, sources) => {
    const b = a?.balance ?? { offsets: o.events.offsets, landed: o.events.bronze, duplicates: o.events.duplicates, rejected: o.events.rejected, gaps: o.events.gaps, lost: o.events.lost };
    const of = (n) => `${count(n)} (${percent(n, b.offsets)})`;
    return [facts([["Offsets read", count(b.offsets)], ["Landed in Bronze", of(b.landed)], ["Duplicates", of(b.duplicates)], ["Rejected", of(b.rejected)], ["Gaps", of(b.gaps)], ["Of them lost for good", b.lost == null ? null : of(b.lost)], ["Conflicts", b.conflicts == null ? null : of(b.conflicts)]]),
      h("p", {}, badge(b.offsets - b.landed - b.duplicates - b.rejected - b.gaps === 0 ? "ok" : "down", "Offsets = landed + duplicates + rejected + gaps")), // what is lost is among the gaps
      a?.losses?.length > 0 ? h("p", { class: "note" }, lossWords(a.losses[0]), agoElement(a.losses[0].noticed_at), ".") : null,
      a?.last ? h("p", { class: "note" }, `The last audit ${a.last.ok ? "counted every offset once" : `found ${count(a.last.missing)} missing and ${count(a.last.repeated)} repeated`}, `, agoElement(a.last.at), ".")
        : sources.a?.error ? h("p", { class: "note" }, "The last audit is not known: ", missing(sources.a))
        : h("p", { class: "note" }, "No audit is recorded: ", h("code", {}, "smelt audit"), " counts every offset in the tables.")];
  },
});

export const render = () => [h("div", { class: "page-head" }, h("h1", {}, "Pipeline"), rangeSelect(FROM)), answersPanel(),
  h("div", { class: "pair even" }, throughputPanel(), latencyPanel()), h("div", { class: "pair" }, partitionsPanel(), ledgerPanel()), runsPanel(), historyPanel()];
