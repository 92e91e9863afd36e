// Formats numbers, times and names for display, and creates elements without innerHTML, because ids and reasons come from events.

const plain = new Intl.NumberFormat("en");
const minus = (text) => text.replace("-", "\u2212");
export const count = (n) => minus(plain.format(n ?? 0));

export const short = (n) => {
  if (n == null) return "0";
  return n < 1e7 ? count(n) : new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(n);
};

export const decimal = (n, digits) => minus(n.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));

export const percent = (part, whole, digits = 1) => `${decimal(whole > 0 ? (100 * part) / whole : 0, digits)}%`;

export const many = (n, one, more) => `${count(n)} ${n === 1 ? one : more}`;

// ---- time: ages use the server's clock, so that a wrong clock in the browser does not make new data look old ----

let skew = 0;
export const serverTime = (dateHeader) => {
  const then = Date.parse(dateHeader);
  if (!Number.isNaN(then) && Math.abs(then - Date.now()) > 2000) skew = then - Date.now();
};

const units = [["day", 86400, 2 * 86400], ["hour", 3600, 3600], ["minute", 60, 60], ["second", 1, 1]];
export const age = (iso) => {
  const seconds = Math.max(0, Math.floor((Date.now() + skew - Date.parse(iso)) / 1000));
  if (seconds < 1) return "a moment";
  const [name, length] = units.find(([, , least]) => seconds >= least);
  const n = Math.floor(seconds / length);
  return many(n, name, `${name}s`);
};
export const ago = (iso) => (iso ? `${age(iso)} ago` : "never");

// An element whose text is the age of `iso`. refreshAges() updates the text of all of them once a second.
export const agoElement = (iso, before = "") => h("time", { datetime: iso ?? "", title: iso ?? "", "data-before": before }, before + ago(iso));
export const refreshAges = () => {
  for (const e of document.querySelectorAll("time[data-before]")) {
    const text = e.dataset.before + ago(e.dateTime);
    if (e.textContent !== text) e.textContent = text;
  }
};

// ---- entities and features: what people call them comes with the data (/api/v1/pipeline) ----

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const columnsOf = new Map(); // of each entity: by their names
export const learnNames = (entities) => {
  for (const e of entities) columnsOf.set(e.entity, new Map(e.columns.map((c) => [c.name, c])));
};

export const feature = (entity, name) => {
  const column = columnsOf.get(entity.entity)?.get(name);
  return { base: column?.feature ?? name, label: column?.title ?? name.replaceAll("_", " "), unit: column?.unit ?? "", window: column?.days ? `${column.days} days` : "" };
};

// Of a model with features of its own: the reason brings their names.
export const reasonWords = (r) => ({ label: r.title, unit: r.unit ?? "", window: r.days ? `${r.days} days` : "" });

export const value = (v, unit) => {
  if (v == null) return "none";
  const number = Number.isInteger(v) ? count(v) : minus(v.toLocaleString("en", { maximumFractionDigits: 2 }));
  if (unit === "%") return `${number}%`;
  return unit ? `${number}\u00a0${unit}` : number;
};

// An id as one can see it: characters that are invisible, or turn the direction of what follows, by their numbers.
export const visible = (id) => id.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

// ---- elements ----

export const h = (tag, attributes = {}, ...children) => {
  const e = document.createElement(tag);
  for (const [name, v] of Object.entries(attributes)) {
    if (typeof v === "function") e.addEventListener(name, v);
    else if (v === true) e.setAttribute(name, "");
    else if (v != null && v !== false) e.setAttribute(name, v);
  }
  e.append(...children.flat().filter((c) => c != null && c !== false));
  return e;
};

const stateWords = { ok: "OK", degraded: "Degraded", down: "Down", unknown: "Unknown" };
export const badge = (state, text = stateWords[state] ?? state) => h("span", { class: "badge", "data-state": state }, text);

// A bar whose length is `share` (0 to 1). Decoration: the number is always shown next to it.
export const bar = (share, kind) => {
  const fill = h("span", { class: "fill" });
  fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return h("span", { class: "bar", "data-kind": kind, "aria-hidden": "true" }, fill);
};
