// The page: requests the API every few seconds (304 when nothing changed), redraws what changed, and shows when a request failed.
import { showHours, watchChart } from "./chart.js";
import { ago, agoElement, badge, bar, capital, count, decimal, feature, h, learnNames, many, percent, reasonWords, refreshAges, serverTime, short, value, visible } from "./words.js";

const INTERVAL_MS = 4000;
const ANSWER_WITHIN_MS = 8000;
const MISSED_MAX = 2; // refreshes without an answer, until the page no longer says how the parts are
const PAGE = 12;
const COLUMNS = 3; // of features, in a list
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

const state = { pipeline: null, overview: null, status: null, limit: PAGE, answeredAt: null, missed: 0 };

// ---- what is served: entities, and what they are called ----

const entities = () => state.pipeline.entities;
const first = () => entities()[0];
const named = (n, e) => many(n, e.title, e.title_plural);

// The columns of features that a list of the entity shows.
const listed = (e) => e.columns.filter((c) => c.list_position != null).sort((a, b) => a.list_position - b.list_position).slice(0, COLUMNS);

const showPipeline = (pipeline) => {
  state.pipeline = pipeline;
  learnNames(pipeline.entities);
  const e = first();
  const name = capital(e.title_plural);
  $("h-entities").textContent = e.risk ? `${name} at risk` : name;
  $("filters").setAttribute("aria-label", `Filter ${e.title_plural}`);
  $("entities-scroll").setAttribute("aria-label", `${name}, table`);
  $("bands").hidden = !e.risk;
  $("caveat").replaceChildren(`The model was trained on Gold's rule, so these scores show which ${e.title_plural} match the rule, not what will happen. For real scores, set `,
    h("code", {}, "model.label"), ` to a file of what happened to ${e.title_plural}.`);
  $("links").replaceChildren(...entities().flatMap((one) => [h("a", { href: `/api/v1/${one.plural}` }, one.plural), ", "]));
  showOthers();
};

// ---- headline ----

const figure = (id, label, number, note) => h("div", { "data-testid": `figure-${id}` }, h("dt", {}, label), h("dd", {}, number), h("dd", { class: "note" }, note));

// The API names the sums as the declarations do: worth, in EUR, are worth_eur and worth_at_risk_eur.
const worth = (figures, risk, ending) => (risk.value_name ? figures[[risk.value_name + ending, risk.value_unit].filter(Boolean).join("_").toLowerCase()] : null);

const riskFigures = (e, s) => {
  const byRule = s.scored === 0 && s.total > 0;
  const all = worth(s, e.risk, "");
  const atRisk = worth(s, e.risk, "_at_risk");
  return [
    figure("at-risk", capital(`at ${e.risk.title}`), count(s.at_risk),
      `${percent(s.at_risk, s.total)} of ${named(s.total, e)}${byRule ? ", by Gold's rule (no model yet)" : ""}`),
    all == null ? null : figure("value", e.risk.value_title, short(Math.round(atRisk)), `${e.risk.value_unit}, ${percent(atRisk, all)} of the total`)];
};

const showFigures = (o) => {
  const { events } = o;
  const seen = events.silver + events.quarantined;
  const e = first();
  const figures = e.risk ? riskFigures(e, o[e.plural]) : [figure("entities", capital(e.title_plural), count(o[e.plural].total), "with features in Gold")];
  $("figures").replaceChildren(
    ...figures.filter(Boolean),
    figure("events", "Events in 24 hours", short(events.last_24h), `${count(events.bronze)} in Bronze in total`),
    figure("quarantine", "In quarantine", percent(events.quarantined, seen), `${many(events.quarantined, "event", "events")}, each with a reason`),
  );
};

const showFates = ({ events: e }) => {
  $("fates").replaceChildren(
    `${count(e.offsets)} offsets read: ${count(e.bronze)} landed, ${many(e.duplicates, "duplicate", "duplicates")}, ` +
    `${count(e.rejected)} rejected, ${many(e.gaps, "gap", "gaps")}.`);
};

// ---- layers ----

const layerWords = () => ({
  bronze: ["Bronze", "raw events", "Every message unchanged, exactly once"],
  silver: ["Silver", "clean events", "Typed and checked against the contracts"],
  gold: ["Gold", first().title_plural, `Features per ${entities().map((e) => e.title).join(", ")}`],
  scores: ["Scores", "scored", `${capital(first().risk?.title ?? "risk")}, with reasons`],
});

const partOf = (name) => state.status?.components.find((c) => c.name === (name === "scores" ? "model" : name));

const showLayers = () => {
  if (!state.overview || !state.pipeline) return;
  const shown = state.overview.layers.filter((l) => l.layer !== "scores" || first().risk);
  $("layers").replaceChildren(...shown.map((l) => {
    const [title, noun, what] = layerWords()[l.layer];
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

// ---- lists ----

const reason = (r) => {
  const f = r.title ? reasonWords(r) : feature(first(), r.feature);
  const raises = r.contribution > 0;
  return h("span", { class: "reason", "data-raises": raises ? "yes" : "no" },
    h("span", { "aria-hidden": "true" }, raises ? "▲ " : "▼ "),
    h("span", { class: "unseen" }, raises ? "raises the risk: " : "lowers the risk: "),
    `${f.label} ${value(r.value, f.unit)}${f.window ? ` in ${f.window}` : ""}`);
};

const risk = (s, marked) => {
  if (s.churn_probability == null) return [h("span", { class: "band" }, "not scored"), marked === 1 ? h("span", { class: "note" }, " marked by rule") : null];
  return [h("span", { class: "probability" }, percent(s.churn_probability, 1, 1)), bar(s.churn_probability, s.risk_band), h("span", { class: "band", "data-band": s.risk_band }, s.risk_band)];
};

const cells = (e, row) => {
  if (!e.risk) return [];
  const reasons = (row.reasons ?? []).slice(0, 3);
  return [h("td", { class: "risk" }, risk(row, row[e.risk.label])),
    h("td", { class: "reasons" }, reasons.length > 0 ? reasons.map(reason) : h("span", { class: "note" }, "no reasons yet"))];
};

// As many as the value with the most has, so that a column is read from above: at most two.
const digitsOf = (items, name) => Math.max(...items.map((row) => (typeof row[name] === "number" ? Math.min(2, `${row[name]}`.split(".")[1]?.length ?? 0) : 0)));

const cell = (v, digits) => (v == null ? "–" : typeof v === "number" ? decimal(v, digits) : String(v));

const listRow = (e, row, shown, digits) => {
  const id = visible(row[e.key]);
  return h("tr", {},
    h("th", { scope: "row" }, h("button", { type: "button", class: "link id", title: id, click: () => openDetail(e, row[e.key]) }, h("bdi", {}, id))),
    cells(e, row),
    shown.map((c, i) => h("td", { class: "num" }, cell(row[c.name], digits[i]))));
};

const listHead = (e, shown) => h("tr", {}, h("th", { scope: "col" }, capital(e.title)),
  e.risk ? [h("th", { scope: "col" }, capital(e.risk.title)), h("th", { scope: "col" }, "Reasons")] : [],
  shown.map((c) => h("th", { scope: "col", class: "num" }, capital(c.title))));

// A column of which no row has a value is left out.
const fillTable = (table, e, items) => {
  const shown = listed(e).filter((c) => items.length === 0 || items.some((row) => row[c.name] != null));
  const focused = table.contains(document.activeElement) ? document.activeElement.textContent : null;
  table.tHead.replaceChildren(listHead(e, shown));
  const digits = shown.map((c) => digitsOf(items, c.name));
  table.tBodies[0].replaceChildren(...items.map((row) => listRow(e, row, shown, digits)));
  if (items.length === 0) table.tBodies[0].append(h("tr", {}, h("td", { colspan: 6, class: "empty" }, `No ${e.title_plural} found.`)));
  if (focused) [...table.querySelectorAll("button")].find((b) => b.textContent === focused)?.focus();
};

const order = (e) => (e.risk ? "highest risk first" : "by id");

const listUrl = () => {
  const query = new URLSearchParams({ limit: state.limit });
  if (first().risk && $("band").value) query.set("band", $("band").value);
  if ($("search").value.trim()) query.set("search", $("search").value.trim());
  return `/api/v1/${first().plural}?${query}`;
};

const showList = (page) => {
  const e = first();
  $("entities").caption.textContent = `${capital(e.title_plural)}, ${order(e)}${e.risk ? ", with the reasons for their scores" : ""}`;
  fillTable($("entities"), e, page.items);
  $("shown").textContent = `${count(page.items.length)} of ${named(page.total, e)}, ${order(e)}`;
  $("more").hidden = page.next_cursor == null || page.items.length >= page.total || state.limit >= 500;
};

// ---- the other entities ----

const showOthers = () => {
  const known = [...$("others").children].map((section) => section.dataset.entity).join();
  if (known === entities().slice(1).map((e) => e.entity).join()) return;
  $("others").replaceChildren(...entities().slice(1).map((e) => h("section", { class: "card", "aria-labelledby": `h-${e.entity}`, "data-entity": e.entity, "data-testid": `entity-${e.entity}` },
    h("div", { class: "head" }, h("h2", { id: `h-${e.entity}` }, capital(e.title_plural)), e.description ? h("p", { class: "note" }, e.description) : null),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${capital(e.title_plural)}, table` },
      h("table", { id: `list-${e.entity}` }, h("caption", { class: "unseen" }, `${capital(e.title_plural)}, ${order(e)}`), h("thead"), h("tbody"))),
    h("p", { class: "note", id: `shown-${e.entity}` }))));
};

const otherLists = () => entities().slice(1).map((e) => [`/api/v1/${e.plural}?limit=${PAGE}`, (page) => {
  fillTable($(`list-${e.entity}`), e, page.items);
  $(`shown-${e.entity}`).textContent = `${count(page.items.length)} of ${named(page.total, e)}, ${order(e)}`;
}]);

// A model that was trained on Gold's rule can only repeat it: the page shows a note above its scores.
const showCaveat = (model) => {
  $("caveat").hidden = model?.label_source !== "rule";
};

// ---- one row of Gold ----

const reasonRow = (r, most) => {
  const f = r.title ? reasonWords(r) : feature(first(), r.feature);
  return h("tr", {}, h("th", { scope: "row" }, `${f.label}${f.window ? `, ${f.window}` : ""}`), h("td", { class: "num" }, value(r.value, f.unit)),
    h("td", {}, bar(Math.abs(r.contribution) / most, r.contribution > 0 ? "high" : "low"), h("span", { class: "note" }, r.contribution > 0 ? " raises the risk" : " lowers the risk")));
};

const featureTable = (e, features) => {
  const rows = new Map();
  for (const [name, v] of Object.entries(features)) {
    const f = feature(e, name);
    if (!rows.has(f.base)) rows.set(f.base, { label: f.label, unit: f.unit, values: {} });
    rows.get(f.base).values[f.window || "all"] = v;
  }
  const windows = ["all", ...new Set([...rows.values()].flatMap((row) => Object.keys(row.values)).filter((w) => w !== "all"))];
  const shown = (v, unit) => (typeof v === "number" || v == null ? value(v, unit) : String(v));
  const cell = (row, w) => h("td", { class: "num" }, w in row.values ? shown(row.values[w], row.unit) : "");
  return h("table", {}, h("caption", { class: "unseen" }, `Features of this ${e.title}`),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Feature"), windows.map((w) => h("th", { scope: "col", class: "num" }, w === "all" ? "All time" : w)))),
    h("tbody", {}, [...rows.values()].map((row) => h("tr", {}, h("th", { scope: "row" }, row.label), windows.map((w) => cell(row, w))))));
};

const riskOf = (e, one) => {
  if (!one.risk) return [];
  const reasons = one.risk.reasons ?? [];
  const most = Math.max(...reasons.map((r) => Math.abs(r.contribution)), 1e-9);
  return [h("p", { class: "risk wide" }, risk(one.risk, one.features[e.risk?.label])),
    one.risk.scored_at ? h("p", { class: "note" }, `By ${one.risk.model_id}, `, agoElement(one.risk.scored_at), ".") : "",
    reasons.length > 0 ? h("table", { class: "why-table" }, h("caption", {}, "Main reasons for the score"), h("tbody", {}, reasons.map((r) => reasonRow(r, most)))) : ""];
};

const openDetail = async (e, id) => {
  const path = `/api/v1/${e.plural}/${encodeURIComponent(id)}`;
  const url = /^\.{1,2}$/.test(id) ? `/api/v1/${e.entity}?id=${id}` : path; // a browser would follow the dots
  $("detail-title").replaceChildren(h("bdi", {}, visible(id)));
  $("detail-body").replaceChildren(h("p", { class: "note" }, "Loading"));
  $("detail").showModal();
  try {
    const { body: one } = await request(url);
    $("detail-body").replaceChildren(
      ...riskOf(e, one),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Features, table" }, featureTable(e, one.features)),
      h("p", {}, h("a", { href: url }, "Show as JSON")));
  } catch (error) {
    $("detail-body").replaceChildren(h("p", {}, `The ${e.title} could not be loaded: ${words(error)}`));
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
  if (!state.pipeline) return;
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
  $("entities").tBodies[0].replaceChildren();
  $("shown").textContent = error.message;
  $("more").hidden = true;
};

const isRefusedFilter = (error) => error instanceof Refusal && error.status >= 400 && error.status < 500 && error.status !== 429;

// The names come first: the others are shown by them.
const views = [["/api/v1/status", showStatus], ["/api/v1/pipeline", showPipeline], ["/api/v1/overview", showOverview], ["/api/v1/runs?limit=8", showRuns]];

const askAll = async (asked) => {
  const answers = await Promise.allSettled(asked.map(([url]) => ask(url)));
  answers.forEach((a, i) => {
    if (a.status === "fulfilled" && a.value !== UNCHANGED) asked[i][1](a.value);
  });
  return answers;
};

const refresh = async () => {
  const answers = await askAll(views);
  const lists = state.pipeline ? await askAll([[listUrl(), showList], ...otherLists()]) : [];
  if (!state.pipeline) etags.clear(); // what could not be shown yet is asked for again
  const [ofFilter] = lists;
  const refusedFilter = ofFilter?.status === "rejected" && isRefusedFilter(ofFilter.reason);
  const failed = [...answers, ...lists].find((a) => a.status === "rejected" && !(refusedFilter && a === ofFilter));
  if (refusedFilter) showRefusedFilter(ofFilter.reason);
  setMissed(answers[0].status === "fulfilled" || answers[0].reason instanceof Refusal ? 0 : state.missed + 1);
  if (!failed) state.answeredAt = new Date().toISOString();
  const since = state.answeredAt ? ` The data shown is from ${ago(state.answeredAt)}.` : "";
  alarm(failed ? `${words(failed.reason)}${since}` : "");
};

const refreshList = async () => {
  if (!state.pipeline) return;
  const url = listUrl();
  try {
    etags.delete(url);
    const page = await ask(url);
    if (url === listUrl()) showList(page); // else a later answer is on its way
  } catch (e) {
    if (isRefusedFilter(e)) showRefusedFilter(e);
    else alarm(words(e));
  }
};

const listen = () => {
  let typing = null;
  $("filters").addEventListener("submit", (e) => e.preventDefault());
  $("band").addEventListener("change", () => { state.limit = PAGE; refreshList(); });
  $("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => { state.limit = PAGE; refreshList(); }, 200);
  });
  $("more").addEventListener("click", () => { state.limit = Math.min(500, state.limit + 40); refreshList(); });
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
