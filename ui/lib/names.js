// What the pipeline calls its entities and their columns (/api/v1/pipeline). Nothing on these pages knows them otherwise.
import { capital, count, digitsAfterPoint, many, plainText } from "./words.js";

let entities = [];
const columnsOf = new Map(); // of each entity: by their names

export const learnNames = (pipeline) => {
  entities = pipeline.entities;
  for (const e of entities) columnsOf.set(e.entity, new Map(e.columns.map((c) => [c.name, c])));
};

export const allEntities = () => entities;
// Whose figures the overview shows: the one with a risk, else the first.
export const main = () => entities.find((e) => e.risk) ?? entities[0];
export const byPlural = (plural) => entities.find((e) => e.plural === plural);
export const named = (n, e) => many(n, e.title, e.title_plural);
export const titleOf = (e) => capital(e.title_plural);
export const hasRisk = () => entities.some((e) => e.risk);

// Columns that a list of the entity shows, in their order.
export const listed = (e, most) => e.columns.filter((c) => c.list_position != null).sort((a, b) => a.list_position - b.list_position).slice(0, most);

export const feature = (entity, name) => {
  const column = columnsOf.get(entity.entity)?.get(name);
  return { base: column?.feature ?? name, label: column?.title ?? name.replaceAll("_", " "), unit: column?.unit ?? "", worse: column?.worse ?? null, window: column?.days ? `${many(column.days, "day", "days")}` : "" };
};

const withWindow = (f) => (f.window ? `${f.label}, ${f.window}` : f.label);

export const featureName = (entity, name) => withWindow(feature(entity, name));

// Of a reason: a model with features of its own says how they are called.
export const reasonFeature = (entity, r) =>
  r.title ? { base: r.feature, label: r.title, unit: r.unit ?? "", window: r.days ? `${many(r.days, "day", "days")}` : "" } : feature(entity, r.feature);

export const reasonName = (entity, r) => withWindow(reasonFeature(entity, r));

export const value = (v, unit) => {
  if (v == null) return "none";
  if (typeof v !== "number") return plainText(v);
  const number = v.toLocaleString("en", { maximumFractionDigits: digitsAfterPoint(v) }).replace("-", "\u2212");
  if (unit === "%") return `${number}%`;
  return unit ? `${number}\u00a0${unit}` : number;
};

// The API names the sums as the declarations do: worth, in EUR, are worth_eur and worth_at_risk_eur.
export const worth = (figures, risk, ending) => (risk.value_name ? figures[[risk.value_name + ending, risk.value_unit].filter(Boolean).join("_").toLowerCase()] : null);

// The address of one row's data: a browser would follow the dots of the ids "." and "..".
export const isDots = (id) => /^\.{1,2}$/.test(id);
export const rowUrl = (e, id) => (isDots(id) ? `/api/v1/${e.entity}?id=${id}` : `/api/v1/${e.plural}/${encodeURIComponent(id)}`);
