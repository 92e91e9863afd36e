// The page: requests the API every few seconds (304 when nothing changed), redraws what changed, and shows when a request failed.
import { showHours, watchChart } from "./chart.js";
import { ago, agoElement, badge, bar, count, decimal, feature, h, many, percent, refreshAges, serverTime, short, value, visible } from "./words.js";

const INTERVAL_MS = 4000;
const ANSWER_WITHIN_MS = 8000;
const MISSED_MAX = 2; // refreshes without an answer, until the page no longer says how the parts are
const PAGE = 12;
const QUARANTINE_ROWS = 10;
const $ = (id) => document.getElementById(id);

// ---- requests ----

const etags = new Map();
const UNCHANGED = Symbol("unchanged");

// What the server said when it refused. Everything else that is thrown here means that it did not answer.
class Refusal extends Error {
  constructor(text, status) {
    super(text);
    this.status = status;
  }
}

const request = async (url, headers = {}) => {
  const answer = await fetch(url, { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  serverTime(answer.headers.get("Date"));
  if (answer.status === 304) return { answer };
  if (answer.status === 401) location.assign("/ui/sign-in.html");
  const isJson = /^application\/(problem\+)?json/.test(answer.headers.get("Content-Type") ?? "");
  const body = isJson ? await answer.json() : {};
  if (!answer.ok || !isJson) throw new Refusal(body.detail ?? `${url.split("?")[0]} answered ${answer.status}.`, answer.status);
  return { answer, body };
};

const ask = async (url) => {
  const { answer, body } = await request(url, etags.has(url) ? { "If-None-Match": etags.get(url) } : {});
  if (answer.status === 304) return UNCHANGED;
  const etag = answer.headers.get("ETag");
  if (etag) etags.set(url, etag);
  else etags.delete(url);
  return body;
};

const words = (error) => (error instanceof Refusal ? error.message : "The server does not answer.");

const state = { overview: null, status: null, limit: PAGE, answeredAt: null, missed: 0 };

// ---- headline ----

const figure = (id, label, number, note) => h("div", { "data-testid": `figure-${id}` }, h("dt", {}, label), h("dd", {}, number), h("dd", { class: "note" }, note));

const showFigures = ({ subscribers: s, events: e }) => {
  const byRule = s.scored === 0 && s.total > 0;
  const seen = e.silver + e.quarantined;
  $("figures").replaceChildren(
    figure("at-risk", "At risk of leaving", count(s.at_risk),
      `${percent(s.at_risk, s.total)} of ${many(s.total, "subscriber", "subscribers")}${byRule ? ", by Gold's rule (no model yet)" : ""}`),
    ...(s.mean_bills_zmw == null ? [] : [figure("revenue", "Revenue at risk", short(Math.round(s.mean_bills_at_risk_zmw)),
      `ZMW per bill, ${percent(s.mean_bills_at_risk_zmw, s.mean_bills_zmw)} of the total`)]),
    figure("events", "Events in 24 hours", short(e.last_24h), `${count(e.bronze)} in Bronze in total`),
    figure("quarantine", "In quarantine", percent(e.quarantined, seen), `${many(e.quarantined, "event", "events")}, each with a reason`),
  );
};

const showFates = ({ events: e }) => {
  $("fates").replaceChildren(
    `${count(e.offsets)} offsets read: ${count(e.bronze)} landed, ${many(e.duplicates, "duplicate", "duplicates")}, ` +
    `${count(e.rejected)} rejected, ${many(e.gaps, "gap", "gaps")}.`);
};

// ---- layers ----

const layerWords = {
  bronze: ["Bronze", "raw events", "Every message unchanged, exactly once"],
  silver: ["Silver", "clean events", "Typed and checked against the contracts"],
  gold: ["Gold", "subscribers", "Features per subscriber"],
  scores: ["Scores", "scored", "Churn risk, with reasons"],
};

const partOf = (name) => state.status?.components.find((c) => c.name === (name === "scores" ? "model" : name));

const showLayers = () => {
  if (!state.overview) return;
  $("layers").replaceChildren(...state.overview.layers.map((l) => {
    const [title, noun, what] = layerWords[l.layer];
    const part = partOf(l.layer);
    return h("li", { "data-layer": l.layer, "data-testid": `layer-${l.layer}` },
      h("div", { class: "layer-head" }, h("h3", {}, title), part ? badge(part.state) : null),
      h("p", { class: "big" }, short(l.row_count), h("span", { class: "unit" }, ` ${noun}`)),
      h("p", { class: "note" }, what),
      l.newest_event_at ? h("p", { class: "fresh" }, agoElement(l.newest_event_at, "Newest event ")) : null,
      h("p", { class: "fresh" }, l.updated_at ? agoElement(l.updated_at, "Updated ") : "No data yet"),
      part && part.state !== "ok" ? h("p", { class: "why" }, part.detail) : null);
  }));
};

// ---- parts ----

const showStatus = (status) => {
  state.status = status;
  $("overall").replaceChildren(badge(status.state, status.state === "ok" ? "All parts OK" : status.state === "unknown" ? "Checking" : status.summary.replace(/\.$/, "")));
  const inStrip = new Set(["bronze", "silver", "gold"]);
  const parts = status.components.filter((c) => !inStrip.has(c.name));
  $("parts").replaceChildren(...parts.map((c) => h("li", { "data-testid": `part-${c.name}` },
    h("div", { class: "part-head" }, h("h3", {}, c.title), badge(c.state)), h("p", {}, c.detail))));
  showLayers();
};

// ---- subscribers ----

const reason = (r) => {
  const f = feature(r.feature);
  const raises = r.contribution > 0;
  return h("span", { class: "reason", "data-raises": raises ? "yes" : "no" },
    h("span", { "aria-hidden": "true" }, raises ? "▲ " : "▼ "),
    h("span", { class: "unseen" }, raises ? "raises the risk: " : "lowers the risk: "),
    `${f.label} ${value(r.value, f.unit)}${f.window ? ` in ${f.window}` : ""}`);
};

const risk = (s) => {
  if (s.churn_probability == null) return [h("span", { class: "band" }, "not scored"), s.churn_label === 1 ? h("span", { class: "note" }, " marked by rule") : null];
  return [h("span", { class: "probability" }, percent(s.churn_probability, 1, 1)), bar(s.churn_probability, s.risk_band), h("span", { class: "band", "data-band": s.risk_band }, s.risk_band)];
};

// Columns of features that a pipeline may lack, as they are in the table's head.
const columns = [["avg_bill_zmw", (v) => decimal(v, 2)], ["max_days_overdue", count], ["total_events", count]];

const subscriberRow = (s, shown) => {
  const reasons = (s.reasons ?? []).slice(0, 3);
  const id = visible(s.subscriber_id);
  return h("tr", {},
    h("th", { scope: "row" }, h("button", { type: "button", class: "link id", title: id, click: () => openDetail(s.subscriber_id) }, h("bdi", {}, id))),
    h("td", { class: "risk" }, risk(s)),
    h("td", { class: "reasons" }, reasons.length > 0 ? reasons.map(reason) : h("span", { class: "note" }, "no reasons yet")),
    shown.map(([name, format]) => h("td", { class: "num" }, s[name] == null ? "–" : format(s[name]))));
};

const subscribersUrl = () => {
  const query = new URLSearchParams({ limit: state.limit });
  if ($("band").value) query.set("band", $("band").value);
  if ($("search").value.trim()) query.set("search", $("search").value.trim());
  return `/api/v1/subscribers?${query}`;
};

const showSubscribers = (page) => {
  const body = $("subscribers").tBodies[0];
  const focused = document.activeElement?.closest?.("#subscribers button")?.textContent;
  const shown = columns.filter(([name]) => page.items.length === 0 || page.items.some((s) => s[name] != null));
  for (const th of $("subscribers").querySelectorAll("th[data-feature]")) th.hidden = !shown.some(([name]) => name === th.dataset.feature);
  body.replaceChildren(...page.items.map((s) => subscriberRow(s, shown)));
  if (page.items.length === 0) body.append(h("tr", {}, h("td", { colspan: 6, class: "empty" }, "No subscribers found.")));
  if (focused) [...body.querySelectorAll("button")].find((b) => b.textContent === focused)?.focus();
  $("shown").textContent = `${count(page.items.length)} of ${many(page.total, "subscriber", "subscribers")}, highest risk first`;
  $("more").hidden = page.next_cursor == null || page.items.length >= page.total || state.limit >= 500;
};

// A model that was trained on Gold's rule can only repeat it: the page shows a note above its scores.
const showCaveat = (model) => {
  $("caveat").hidden = model?.label_source !== "rule";
};

// ---- one subscriber ----

const reasonRow = (r, most) => {
  const f = feature(r.feature);
  return h("tr", {}, h("th", { scope: "row" }, `${f.label}${f.window ? `, ${f.window}` : ""}`), h("td", { class: "num" }, value(r.value, f.unit)),
    h("td", {}, bar(Math.abs(r.contribution) / most, r.contribution > 0 ? "high" : "low"), h("span", { class: "note" }, r.contribution > 0 ? " raises the risk" : " lowers the risk")));
};

const featureTable = (features) => {
  const rows = new Map();
  for (const [name, v] of Object.entries(features)) {
    const [, base, window] = /^(.*?)(?:_(\d+d))?$/.exec(name);
    if (!rows.has(base)) rows.set(base, {});
    rows.get(base)[window ?? "all"] = v;
  }
  const windows = ["all", ...new Set([...rows.values()].flatMap(Object.keys).filter((w) => w !== "all"))];
  const cell = (base, row, w) => h("td", { class: "num" }, w in row ? (typeof row[w] === "number" || row[w] == null ? value(row[w], feature(base).unit) : String(row[w])) : "");
  return h("table", {}, h("caption", { class: "unseen" }, "Features of this subscriber"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Feature"), windows.map((w) => h("th", { scope: "col", class: "num" }, w === "all" ? "All time" : w.replace("d", " days"))))),
    h("tbody", {}, [...rows].map(([base, row]) => h("tr", {}, h("th", { scope: "row" }, feature(base).label), windows.map((w) => cell(base, row, w))))));
};

const openDetail = async (id) => {
  const path = `/api/v1/subscribers/${encodeURIComponent(id)}`;
  const url = /^\.{1,2}$/.test(id) ? `/api/v1/subscriber?id=${id}` : path; // a browser would follow the dots
  $("detail-title").replaceChildren(h("bdi", {}, visible(id)));
  $("detail-body").replaceChildren(h("p", { class: "note" }, "Loading"));
  $("detail").showModal();
  try {
    const { body: s } = await request(url);
    const reasons = s.risk.reasons ?? [];
    const most = Math.max(...reasons.map((r) => Math.abs(r.contribution)), 1e-9);
    $("detail-body").replaceChildren(
      h("p", { class: "risk wide" }, risk({ ...s.risk, churn_label: s.features.churn_label })),
      s.risk.scored_at ? h("p", { class: "note" }, `By ${s.risk.model_id}, `, agoElement(s.risk.scored_at), ".") : null,
      reasons.length > 0 ? h("table", { class: "why-table" }, h("caption", {}, "Main reasons for the score"), h("tbody", {}, reasons.map((r) => reasonRow(r, most)))) : "",
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Features, table" }, featureTable(s.features)),
      h("p", {}, h("a", { href: url }, "Show as JSON")));
  } catch (e) {
    $("detail-body").replaceChildren(h("p", {}, `The subscriber could not be loaded: ${words(e)}`));
  }
};

// ---- quarantine, drift, runs ----

const showQuarantine = ({ quarantine: rows, drift }) => {
  const most = Math.max(...rows.map((r) => r.events), 1);
  const body = $("quarantine").tBodies[0];
  body.replaceChildren(...rows.slice(0, QUARANTINE_ROWS).map((r) => h("tr", {},
    h("th", { scope: "row", title: r.example ?? null }, (r.rule ?? "").replaceAll("_", " "), r.layer === "bronze" ? h("span", { class: "note" }, " rejected message") : null),
    h("td", {}, r.field ? h("code", {}, r.field) : h("span", { class: "note" }, "whole message")),
    h("td", { class: "num" }, count(r.events), bar(r.events / most, "plain")),
    h("td", { class: "note when" }, agoElement(r.newest_at)))));
  if (rows.length === 0) body.append(h("tr", {}, h("td", { colspan: 4, class: "empty" }, "No event is in quarantine and no message was rejected.")));
  const rest = rows.slice(QUARANTINE_ROWS);
  if (rest.length > 0) body.append(h("tr", {}, h("td", { colspan: 4, class: "note" }, `and ${many(rest.length, "more rule", "more rules")} with ${many(rest.reduce((sum, r) => sum + r.events, 0), "event", "events")}`)));
  $("drift").replaceChildren(...(drift.length === 0 ? ["No drift: the events have the fields of their contracts."]
    : ["Drift: ", ...drift.slice(0, 3).flatMap((d, i) => [i > 0 ? "; " : "", h("code", {}, d.field), ` in ${d.event_type}, ${d.kind.replaceAll("_", " ")} (${many(d.events, "event", "events")})`]), "."]));
};

const runStates = { done: ["ok", "Done"], failed: ["down", "Failed"], stopped: ["degraded", "Stopped"] };

const showRuns = ({ runs }) => {
  const body = $("runs").tBodies[0];
  body.replaceChildren(...runs.slice(0, 8).map((r) => {
    const [kind, word] = runStates[r.state] ?? ["unknown", "Running"];
    const steps = r.steps.map((s) => h("span", { class: "step", "data-state": s.state, title: `${s.name}: ${s.state}` }, s.name,
      s.state === "done" ? null : h("span", {}, ` ${s.state}`)));
    return h("tr", {},
      h("th", { scope: "row", class: "when" }, agoElement(r.started_at)),
      h("td", {}, r.state === "running" && !state.overview?.live ? h("span", { class: "note" }, "Published this snapshot") : badge(kind, word)),
      h("td", { class: "steps" }, steps, r.error ? h("p", { class: "why" }, r.error) : null),
      h("td", { class: "num" }, r.seconds == null ? "" : decimal(r.seconds, 1)));
  }));
  if (runs.length === 0) body.append(h("tr", {}, h("td", { colspan: 4, class: "empty" }, "No run yet: start one with `smelt run`.")));
};

// ---- overview and refresh ----

const showOverview = (o) => {
  state.overview = o;
  $("version").replaceChildren(...(o.live ? ["Live"] : [`Snapshot ${o.generation}, `, agoElement(o.events.as_of)]));
  showFigures(o);
  showFates(o);
  showLayers();
  showCaveat(o.model);
  showHours(o.hours);
  showQuarantine(o);
};

const alarm = (text) => {
  if ($("alarm").textContent !== text) $("alarm").textContent = text;
  $("alarm").hidden = text === "";
};

// The server has not answered for a while: what the page still shows may be wrong, so it says of nothing that it works.
const showNotKnown = () => {
  for (const e of document.querySelectorAll("#overall .badge, #parts .badge, #layers .badge")) e.replaceWith(badge("unknown", "Not known"));
};

const setMissed = (missed) => {
  state.missed = missed;
  document.body.classList.toggle("stale", missed >= MISSED_MAX);
  if (missed >= MISSED_MAX) showNotKnown();
};

// A filter that the server refuses is said where it was typed; the rest of the page is as good as before.
const showRefusedFilter = (error) => {
  $("subscribers").tBodies[0].replaceChildren();
  $("shown").textContent = error.message;
  $("more").hidden = true;
};

const isRefusedFilter = (error) => error instanceof Refusal && error.status >= 400 && error.status < 500 && error.status !== 429;

const views = [["/api/v1/status", showStatus], ["/api/v1/overview", showOverview], [subscribersUrl, showSubscribers], ["/api/v1/runs?limit=8", showRuns]];

const refresh = async () => {
  const answers = await Promise.allSettled(views.map(([url]) => ask(typeof url === "function" ? url() : url)));
  const ofFilter = answers[views.findIndex(([url]) => url === subscribersUrl)];
  const refusedFilter = ofFilter.status === "rejected" && isRefusedFilter(ofFilter.reason);
  const failed = answers.find((a) => a.status === "rejected" && !(refusedFilter && a === ofFilter));
  answers.forEach((a, i) => {
    if (a.status === "fulfilled" && a.value !== UNCHANGED) views[i][1](a.value);
  });
  if (refusedFilter) showRefusedFilter(ofFilter.reason);
  setMissed(answers[0].status === "fulfilled" || answers[0].reason instanceof Refusal ? 0 : state.missed + 1);
  if (!failed) state.answeredAt = new Date().toISOString();
  const since = state.answeredAt ? ` The data shown is from ${ago(state.answeredAt)}.` : "";
  alarm(failed ? `${words(failed.reason)}${since}` : "");
};

const refreshSubscribers = async () => {
  const url = subscribersUrl();
  try {
    etags.delete(url);
    const page = await ask(url);
    if (url === subscribersUrl()) showSubscribers(page); // else a later answer is on its way
  } catch (e) {
    if (isRefusedFilter(e)) showRefusedFilter(e);
    else alarm(words(e));
  }
};

const listen = () => {
  let typing = null;
  $("filters").addEventListener("submit", (e) => e.preventDefault());
  $("band").addEventListener("change", () => { state.limit = PAGE; refreshSubscribers(); });
  $("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => { state.limit = PAGE; refreshSubscribers(); }, 200);
  });
  $("more").addEventListener("click", () => { state.limit = Math.min(500, state.limit + 40); refreshSubscribers(); });
};

const loop = async () => {
  if (!document.hidden) await refresh();
  setTimeout(loop, INTERVAL_MS);
};

listen();
watchChart();
setInterval(refreshAges, 1000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
loop();
