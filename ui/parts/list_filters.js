// The filters of a list. What they are set to is in the address, so a list can be shared by its address; views are addresses with a name.
import { h } from "../lib/dom.js";
import { featureName } from "../lib/names.js";
import { parse, setQuery } from "../lib/router.js";
import { capital } from "../lib/words.js";
import { select } from "./bits.js";
import { OUTCOMES } from "./notes.js";

const TYPING_MS = 200;
const bands = [["", "all bands"], ["high", "high"], ["medium", "medium"], ["low", "low"], ["unscored", "not scored"]];

const calls = [["", "called or not"], ["no", "not called yet"], ["yes", "called"], ...OUTCOMES.map(([value, text]) => [value, `called: ${text.toLowerCase()}`])];
// Who was called, as the address has it, in words; "": everybody.
export const callWords = ({ noted }) => (noted ? calls.find(([value]) => value === noted)?.[1] ?? noted : "");

const titleOf = (e, name) => (name === "risk" ? e.risk?.title ?? name : featureName(e, name));

const operators = { ">=": "at least", "<=": "at most", ">": "above", "<": "below", "=": "is" };

// Conditions as the server takes them: where=avg_bill>=100;plan=Lite.
const partsOf = (where) => (where ?? "").match(/(?:\\[;\\]|[^;])+/g) ?? []; // a semicolon of a value has a backslash before it
const withPart = (part) => ({ where: [...new Set([...partsOf(parse().query.where), part])].join(";") });
const withoutPart = (part) => ({ where: partsOf(parse().query.where).filter((one) => one !== part).join(";") });
const escaped = (text) => text.replace(/\\(?=[;\\]|$)|;/g, "\\$&");
export const whereText = (column, text, sign = "=") => `${column}${sign}${escaped(text)}`;

// What the address says, as a person would: [[condition, words]].
export const conditions = (e, query) => partsOf(query.where).map((part) => {
  const [, name, sign, v] = part.match(/^([^<>=]+)(>=|<=|>|<|=)(.*)$/) ?? [null, part, "", ""];
  return [part, `${titleOf(e, name)} ${operators[sign] ?? ""} ${v.replace(/\\([;\\])/g, "$1")}`.trim()];
});

const chip = (text, remove) => h("span", { class: "chip", "data-key": text }, text, h("button", { type: "button", class: "link", "aria-label": `Without: ${text}`, click: remove }, "✕"));

// One more condition: a column, and what it must be.
const addCondition = (e) => h("details", { class: "menu inline", "data-key": "condition" }, h("summary", { "data-testid": "condition" }, "Filter by a value"),
  h("form", { class: "menu-list", submit: (event) => {
    event.preventDefault();
    const { column, sign, amount } = event.target.elements;
    setQuery(withPart(whereText(column.value, amount.value.trim(), sign.value)));
    event.target.closest("details").open = false;
  } },
  h("label", {}, "Column", h("select", { name: "column" }, e.risk ? h("option", { value: "risk" }, capital(titleOf(e, "risk"))) : null, e.columns.map((c) => h("option", { value: c.name }, capital(featureName(e, c.name)))))),
  h("label", {}, "Must be", h("select", { name: "sign" }, Object.entries(operators).map(([sign, text]) => h("option", { value: sign }, text)))),
  h("label", {}, "Value", h("input", { type: "search", name: "amount", required: true, autocomplete: "off" })),
  h("button", { class: "quiet" }, "Show these")));

// ---- views ----

const KEPT = "smelt-views";
const readViews = () => {
  try {
    return [JSON.parse(localStorage.getItem(KEPT)) ?? []].flat();
  } catch {
    return [];
  }
};
const keepViews = (views) => {
  try {
    localStorage.setItem(KEPT, JSON.stringify(views));
  } catch { /* a private window: a view is as good as its address */ }
};

const viewsMenu = (e, changed) => {
  const own = readViews().filter((view) => view.entity === e.entity);
  return h("details", { class: "menu inline", "data-key": "views" }, h("summary", { "data-testid": "views" }, own.length > 0 ? `Views (${own.length})` : "Views"),
    h("form", { class: "menu-list", submit: (event) => {
      event.preventDefault();
      const name = event.target.elements.name.value.trim();
      if (name) keepViews([...readViews().filter((v) => v.entity !== e.entity || v.name !== name), { entity: e.entity, name, hash: location.hash }]);
      event.target.closest("details").open = false;
      changed();
    } },
    own.map((view) => h("span", { class: "view" }, h("a", { href: view.hash }, view.name), " ", h("button", { type: "button", class: "link note", "aria-label": `Remove the view ${view.name}`, click: () => {
      keepViews(readViews().filter((v) => v.entity !== e.entity || v.name !== view.name));
      changed();
    } }, "remove"))),
    h("label", {}, "Keep this list as", h("input", { name: "name", type: "search", maxlength: 60, autocomplete: "off" })), h("button", { class: "quiet" }, "Keep")));
};

// ---- all of them ----

let typing = null;
const search = (event) => {
  const text = event.target.value.trim();
  clearTimeout(typing);
  typing = setTimeout(() => setQuery({ search: text }, { replace: true }), TYPING_MS);
};

export const filters = (e, changed) => {
  const { query } = parse();
  return h("form", { class: "filters", role: "search", "aria-label": `Filter ${e.title_plural}`, submit: (event) => event.preventDefault() },
    e.risk ? select("Risk", "band", bands, query.band, (band) => setQuery({ band })) : null,
    e.risk ? select("Calls", "noted", calls, query.noted, (noted) => setQuery({ noted })) : null,
    h("label", {}, "Id starts with", h("input", { type: "search", "data-testid": "search", maxlength: 256, autocomplete: "off", spellcheck: "false", value: query.search ?? "", input: search })),
    addCondition(e), viewsMenu(e, changed),
    conditions(e, query).map(([name, words]) => chip(words, () => setQuery(withoutPart(name)))));
};
