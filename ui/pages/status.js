// System status: every part in words: what, since when, why, what to type. It needs no lake: the server answers it without one.
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { agoElement, bytes, capital, duration, many, now, timeElement } from "../lib/words.js";
import { answer, answers, badge, command, empty, facts, missing, prose } from "../parts/bits.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";
import { tokensPanel } from "../parts/tokens.js";

const status = "/api/v1/status";
const system = "/api/v1/system";
const history = "/api/v1/status/history?limit=200";
const DAY_MS = 86400000;

// What a part says to type stands in its sentence between backticks.
export const commandsIn = (text) => [...(text ?? "").matchAll(/`(smelt [^`]+)`/g)].map((m) => m[1]);

// What to type where the sentence has no command: the one that shows more.
const look = { kafka: "smelt status", lake: "smelt audit", mark: "smelt audit", backup: "smelt backup", disk: "smelt status", bronze: "smelt quarantine list", silver: "smelt quarantine list", model: "smelt train", last_run: "smelt status", snapshot: "smelt publish", api: "smelt status" };
const commandsOf = (part) => (part.state === "ok" ? [] : commandsIn(part.detail).length > 0 ? commandsIn(part.detail) : [look[part.name] ?? "smelt status"]);

const rank = { down: 0, degraded: 1, unknown: 2, ok: 3 };
const byState = (parts) => [...parts].sort((a, b) => rank[a.state] - rank[b.state]);
const named = (s, name) => s.components.find((c) => c.name === name);

// ---- answers ----

const wrong = (s) => {
  const bad = byState(s.components).filter((c) => c.state !== "ok");
  const [worst] = bad;
  if (s.components.length === 0) return answer("wrong", "What is wrong?", "Not known", s.summary);
  if (!worst) return answer("wrong", "What is wrong?", "Nothing", [agoElement(s.checked_at, "Checked ")], { state: "ok" });
  return answer("wrong", "What is wrong, since when?", `${worst.title} is ${worst.state}`, [worst.since ? agoElement(worst.since, "Since ") : null, bad.length > 1 ? `; and ${bad.length - 1} more` : null], { state: worst.state === "unknown" ? null : worst.state });
};

const type = (s) => {
  const [worst] = byState(s.components).filter((c) => c.state !== "ok");
  return h("li", { class: "answer", "data-answer": "type", "data-key": "type" }, h("p", { class: "question" }, "What do I type?"),
    worst ? commandsOf(worst).slice(0, 1).map(command) : h("p", { class: "said" }, "Nothing"), worst ? h("p", { class: "note" }, `About: ${worst.title}`) : null);
};

// How long the disk lasts, where there is history enough; what is missing is said with the part.
const lasts = (disk) => (disk?.full_at ? `Disk full in about ${duration(Math.max(0, Math.floor((Date.parse(disk.full_at) - now()) / 1000)))}; ` : disk?.used_bytes_per_day != null ? "Disk not full within a year; " : "");

const whole = (s, sys, source) => {
  const lake = named(s, "lake"), disk = named(s, "disk");
  const backup = sys?.backup ?? named(s, "backup");
  const made = backup?.made_at, left = lasts(disk);
  return answer("whole", "Lake, backup, disk", lake?.state === "ok" ? "The lake is whole" : `The lake: ${lake?.state ?? "not known"}`,
    [left, lake?.verified_at ? agoElement(lake.verified_at, left ? "verified " : "Verified ") : left ? "not verified" : "Not verified", made ? agoElement(made, "; backup ") : backup || source?.error ? "" : "; no backup is set up", disk?.free_bytes ? `; ${bytes(disk.free_bytes)} free` : ""],
    { state: lake?.state === "unknown" ? null : lake?.state });
};

const version = (sys, source) => answer("version", "Which version, how long up?", sys ? `Smelt ${sys.version}` : "Not known", sys ? `Up ${duration(sys.uptime_s)}${sys.live ? ", live" : ""}` : missing(source));

// The first time that a part was seen is no change of it.
const changesOf = (past) => past.items.filter((i) => i.before != null || i.state !== "ok");

const lastDay = (past, source) => {
  if (!past) return answer("day", "What happened in 24 hours?", "Not known", missing(source, "This server keeps no history of states."));
  const since = changesOf(past).filter((i) => now() - Date.parse(i.at) < DAY_MS);
  const [newest] = since;
  return answer("day", "What happened in 24 hours?", since.length === 0 ? "No change of state" : many(since.length, "change of state", "changes of state"), newest ? [`${newest.title}: ${newest.state}, `, agoElement(newest.at)] : null);
};

const answersPanel = () => panel({
  id: "answers", title: "Answers", isPlain: true, isBare: true, height: 134, urls: { s: status, sys: system, past: history }, optional: ["sys", "past"],
  render: ({ s, sys, past }, sources) => answers(wrong(s), type(s), whole(s, sys, sources.sys), version(sys, sources.sys), lastDay(past, sources.past)),
});

// ---- parts ----

const partItem = (c) => h("li", { "data-testid": `part-${c.name}`, "data-key": c.name },
  h("div", { class: "part-head" }, h("h3", {}, c.title), badge(c.state)),
  h("p", {}, prose(c.detail)),
  c.since || c.verified_at ? h("p", { class: "note" }, c.since ? agoElement(c.since, `Became ${c.state === "ok" ? "OK" : c.state} `) : null, c.since && c.verified_at ? "; " : null, c.verified_at ? agoElement(c.verified_at, c.since ? "verified " : "Verified ") : null) : null,
  commandsOf(c).length > 0 ? h("p", {}, commandsOf(c).map(command)) : null);

const partsPanel = () => panel({
  id: "parts", title: "State of each part", height: 480, urls: { s: status },
  render: ({ s }) => (s.components.length === 0 ? empty(s.summary) : h("ul", { class: "parts", "data-testid": "parts" }, byState(s.components).map(partItem))),
});

const historyPanel = () => panel({
  id: "history", title: "History", note: "changes of state, 30 days", height: 300, every: SLOW_MS, urls: { past: history },
  render: ({ past }) => table({ id: "history", caption: "Changes of state, newest first", rows: changesOf(past), key: (r) => `${r.at} ${r.name}`, empty: "No part has changed its state yet.", isShort: changesOf(past).length > 8, columns: [
    { title: "When", isHead: true, class: "when", cell: (r) => timeElement(r.at) }, { title: "Part", cell: (r) => r.title },
    { title: "State", cell: (r) => [badge(r.state), r.before ? h("span", { class: "note" }, ` was ${r.before}`) : null] }, { title: "Why", cell: (r) => prose(r.detail) }] }),
});

const systemPanel = () => panel({
  id: "system", title: "This server", height: 200, every: SLOW_MS, urls: { sys: system },
  render: ({ sys }) => [facts([["Version", sys.version], ["Started", timeElement(sys.started_at)], ["Engine", sys.engine && `DuckDB ${sys.engine}`], ["Serves", sys.live ? "its live lake" : "snapshots"],
    ["Backup", sys.backup ? [sys.backup.state, " ", sys.backup.made_at ? agoElement(sys.backup.made_at) : null, sys.backup.bytes ? `, ${bytes(sys.backup.bytes)}` : ""] : sys.settings ? "not set up (backup.dir)" : null]]), // who may not see settings is not told of a backup either
  sys.settings ? h("details", {}, h("summary", {}, `Settings (${sys.settings.length})`), table({ id: "settings", caption: "Settings", rows: sys.settings, key: (r) => r.key, isShort: true, columns: [
    { title: "Setting", isHead: true, cell: (r) => h("code", {}, r.key) }, { title: "Value", cell: (r) => h("code", {}, String(r.value ?? "")) }, { title: "From", cell: (r) => r.source }] }))
    : h("p", { class: "note" }, "Settings and paths are for tokens with the scope admin.")],
});

export const render = () => [h("div", { class: "page-head" }, h("h1", {}, "System status")), answersPanel(), partsPanel(), historyPanel(), systemPanel(), tokensPanel()];
