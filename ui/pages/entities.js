// The list of an entity: whom to call first, why, what happened lately, which group is worst, and the list itself, sorted and filtered by its address.
import { requestText, url, words } from "../lib/api.js";
import { save } from "../lib/files.js";
import { h, patch } from "../lib/dom.js";
import { Pages } from "../lib/list.js";
import { watch, SLOW_MS } from "../lib/live.js";
import { byPlural, featureName, listed, named, titleOf } from "../lib/names.js";
import { href, parse, setQuery } from "../lib/router.js";
import { capital, count, decimal, plainText, visible } from "../lib/words.js";
import { callWords, conditions, filters } from "../parts/list_filters.js";
import { listAnswers } from "../parts/list_answers.js";
import { longTable } from "../parts/long_table.js";
import { markCell, Marks } from "../parts/notes.js";
import { ownUsualPanel } from "../parts/own_usual.js";
import { panel } from "../parts/panel.js";
import { placesPanel } from "../parts/places.js";
import { reason, risk, typicalOf } from "../parts/risk.js";
import { digitsOf } from "../parts/table.js";

const COLUMNS = 5; // of features
const WITH_RISK = 3;
const TABLE_ROWS = 10000; // of a list as CSV
const OLD_MS = 60000;

// Money first, where the declarations say what one is worth; of what has no risk the worst first, where they say which values are worse.
const defaultSort = (e) => {
  if (e.risk) return e.risk.value_name ? "-value" : "-risk";
  const sided = listed(e, COLUMNS).find((c) => c.worse);
  return sided ? `${sided.worse === "higher" ? "-" : ""}${sided.name}` : "id";
};

const orderWords = (e, sort) => {
  const name = sort.replace(/^-/, "");
  const isDown = sort.startsWith("-");
  if (name === "value") return `most ${e.risk?.value_title?.toLowerCase() ?? "value"} first`;
  if (name === "risk") return isDown ? "highest risk first" : "lowest risk first";
  if (name === "id") return isDown ? "by id, the last one first" : "by id";
  return `${isDown ? "highest" : "lowest"} ${featureName(e, name)} first`;
};

const sortHead = (title, name, sort) => h("button", { type: "button", class: "link", "data-testid": `sort-${name}`,
  click: () => setQuery({ sort: sort === `-${name}` ? name : `-${name}` }) }, title);
const sorted = (name, sort) => (sort === name ? "ascending" : sort === `-${name}` ? "descending" : null);

const cellOf = (v, digits) => (v == null ? "–" : typeof v === "number" ? decimal(v, digits) : plainText(v));

// Below an id: the last call, so that nobody calls twice.
const idCell = (e, marks) => (row) => {
  const id = visible(row[e.key]);
  return [h("a", { class: "id", title: id, href: href(["entities", e.plural, row[e.key]]), "data-row": true, "data-testid": "row" }, h("bdi", {}, id)), markCell(marks.of(row[e.key]))];
};

const valueTitle = (e) => [e.risk.value_title, e.risk.value_unit].filter(Boolean).join(", ");
const riskColumns = (e, sort, typical) => [
  { title: capital(e.risk.title), head: sortHead(capital(e.risk.title), "risk", sort), sorted: sorted("risk", sort), class: "risk", cell: (row) => risk(row, row[e.risk.label]) },
  ...(e.risk.value_name ? [{ title: valueTitle(e), head: sortHead(valueTitle(e), "value", sort), sorted: sorted("value", sort), isNum: true, isValue: true,
    cell: (row) => (row.value_at_risk == null ? "–" : decimal(row.value_at_risk, 0)) }] : []),
  { title: "Reasons", class: "reasons", cell: (row) => (row.reasons?.length > 0 ? row.reasons.slice(0, 2).map((r) => reason(e, r, typical)) : h("span", { class: "note" }, "no reasons yet")) },
];

// A column of which no row has a value is left out.
const columnsOf = (e, rows, sort, typical, marks) => {
  const shown = listed(e, e.risk ? WITH_RISK : COLUMNS).filter((c) => rows.length === 0 || rows.some((row) => row[c.name] != null));
  const extra = e.columns.find((c) => c.name === sort.replace(/^-/, "") && !shown.includes(c));
  const withRisk = e.risk ? riskColumns(e, sort, typical).filter((c) => !c.isValue || rows.some((row) => row.value_at_risk != null)) : [];
  return [{ title: capital(e.title), head: sortHead(capital(e.title), "id", sort), sorted: sorted("id", sort), isHead: true, cell: idCell(e, marks) }, ...withRisk,
    ...[...shown, extra].filter(Boolean).map((c) => {
      const title = capital(featureName(e, c.name)), digits = digitsOf(rows, c.name);
      return { title, head: sortHead(c.unit ? `${title}, ${c.unit}` : title, c.name, sort), sorted: sorted(c.name, sort), isNum: true, cell: (row) => cellOf(row[c.name], digits) };
    })];
};

const headOf = (columns) => h("tr", { role: "row" }, columns.map((c) => h("th", { scope: "col", role: "columnheader", class: c.isNum ? "num" : null, "aria-sort": c.sorted, "data-key": c.title }, c.head ?? c.title)));

// A model that was trained on Gold's rule can only repeat it: a note above its scores says so.
const caveat = (e) => panel({ id: "caveat", title: "About the scores", isPlain: true, isBare: true, height: 48, urls: { o: "/api/v1/overview" }, every: SLOW_MS,
  render: ({ o }) => (o.model?.label_source !== "rule" ? null : h("p", { class: "caveat", "data-testid": "caveat" },
    `These scores show which ${e.title_plural} match Gold's rule, not what will happen: the model was trained on the rule. `, h("a", { href: href("model") }, "Why, and what is missing"))) });

class List {
  constructor(e) {
    this.e = e;
    this.filters = h("div", {});
    this.shown = h("p", { class: "note", "data-testid": "shown", role: "status" });
    this.csv = h("button", { type: "button", class: "quiet", "data-testid": "csv", "data-answer": "list", click: () => this.#save() }, "Save as CSV");
    this.fresh = h("div", {});
    this.failed = h("div", {});
    this.table = longTable({ id: "entities", title: titleOf(e), wantMore: () => this.pages.more() });
    this.features = null;
    this.marks = new Marks(e, () => this.show());
    this.element = h("section", { class: "card", "aria-label": titleOf(e) }, this.filters, h("div", { class: "foot" }, this.shown, this.csv), this.fresh, this.table, this.failed);
    this.update();
  }

  // The address says another order or other filters.
  update() {
    const { query } = parse();
    this.sort = query.sort ?? defaultSort(this.e);
    this.query = { ...query, sort: this.sort, ...this.#extraFields() };
    this.pages?.end();
    this.pages = new Pages(`/api/v1/${this.e.plural}`, this.query, () => this.show());
    patch(this.filters, filters(this.e, () => this.update()));
    this.fresh.replaceChildren();
    this.pages.more();
  }

  async #save() {
    try {
      const { text, total } = await requestText(url(`/api/v1/${this.e.plural}`, this.query), "text/csv");
      save(`${this.e.plural}.csv`, text, "text/csv");
      if (total > TABLE_ROWS) this.shown.textContent = `The file has the first ${count(TABLE_ROWS)} of ${named(total, this.e)}. Filter the list, or take the whole table from /api/v1/snapshots (see API).`;
    } catch (error) {
      this.shown.textContent = words(error);
    }
  }

  // The column that the list is sorted by is shown, also when lists do not have it.
  #extraFields() {
    const name = this.sort.replace(/^-/, "");
    const own = this.e.columns.filter((c) => c.list_position != null).map((c) => c.name);
    return this.e.columns.some((c) => c.name === name) && !own.includes(name) ? { fields: [...own, name].join(",") } : {};
  }

  show() {
    const { e, pages } = this;
    if (!this.element.isConnected) return;
    this.#showFailure();
    if (pages.error && pages.count === 0) return this.#showRefused(pages.error);
    if (pages.total == null) return; // its first page is on the way: the list before stays until then
    this.shown.className = "note";
    if (pages.beganAt !== this.beganAt) this.fresh.replaceChildren(); // all of it is of the newest data
    this.beganAt = pages.beganAt;
    const rows = pages.pages[0] ?? [];
    if (e.risk) this.marks.want(pages.pages);
    const columns = columnsOf(e, rows, this.sort, typicalOf(this.features, e), this.marks);
    this.table.show({ columns, head: headOf(columns), caption: `${titleOf(e)}, ${orderWords(e, this.sort)}`, pages: pages.pages, total: pages.total, key: (row) => row[e.key],
      none: `No ${e.title_plural} found.` });
    this.shown.textContent = `${count(pages.count)} of ${named(pages.total ?? 0, e)}, ${orderWords(e, this.sort)}${this.#filterWords()}`;
  }

  #filterWords() {
    const given = [callWords(this.query), ...conditions(this.e, this.query).map(([, text]) => text)].filter(Boolean);
    return given.length > 0 ? `; only ${given.join(", ")}` : "";
  }

  // Behind the rows that came: the next ones did not.
  #showFailure() {
    const { pages } = this;
    const why = pages.error && pages.count > 0 ? h("p", { class: "refused" }, words(pages.error)) : null;
    patch(this.failed, why, pages.mayComeLater ? h("p", {}, h("button", { type: "button", class: "quiet small", "data-testid": "list-again", click: () => pages.retry() }, "Try again")) : null);
  }

  // A filter that the server refuses is said where it was typed.
  #showRefused(error) {
    this.table.show({ columns: [], head: [], caption: titleOf(this.e), pages: [], total: 0, key: () => "" });
    this.shown.textContent = words(error);
    this.shown.className = "refused";
  }

  // Others call too: their marks, and who is in a list of those who were called or not.
  refreshCalls() {
    this.marks.refresh();
    if (this.pages.mayComeLater && !document.hidden) this.pages.retry();
    if (this.query.noted && !document.hidden && this.pages.pages.length === 1 && scrollY < 400) this.pages.restart().catch(() => {});
  }

  // Newer data: the first page is replaced in place; a list that was scrolled down is left alone, with a way to begin again (of a live
  // lake, whose data is newer all the time, after a minute).
  notice(generation, isLive) {
    if (this.pages.generation == null || (!isLive && generation === this.pages.generation)) return;
    if (this.pages.pages.length === 1 && scrollY < 400) this.pages.restart().catch(() => {});
    else if (!isLive || performance.now() - this.pages.beganAt > OLD_MS) patch(this.fresh, h("p", { class: "stale-note" }, "There is newer data. ", h("button", { type: "button", class: "quiet small", click: () => this.update() }, "Show it from the top")));
  }
}

let list = null;
export const render = ({ parts: [plural] }) => {
  const e = byPlural(plural);
  list = new List(e);
  const own = list;
  const asking = setInterval(() => own.refreshCalls(), SLOW_MS);
  const stops = [() => clearInterval(asking), watch("/api/v1/overview", ({ data }) => {
    if (!own.element.isConnected && own.wasShown) stops.forEach((stop) => stop());
    own.wasShown = own.element.isConnected;
    if (data) own.notice(data.generation, data.live);
  }, SLOW_MS), watch("/api/v1/features", ({ data }) => {
    own.features = data;
    own.show();
  }, 60000)];
  return [h("div", { class: "page-head" }, h("h1", {}, titleOf(e)), e.description ? h("p", { class: "note" }, e.description) : null),
    listAnswers(e), ...(e.risk ? [caveat(e), e.place ? placesPanel(e) : null] : [placesPanel(e), ownUsualPanel(e)]), own.element].filter(Boolean);
};

export const update = () => {
  list.update();
  return true;
};
