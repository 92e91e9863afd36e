// What has to do with one row: the rows of another entity that were in events together with it, what is at stake there, and its events by the hour.
import { url } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { allEntities, featureName, listed, named, titleOf, value } from "../lib/names.js";
import { href } from "../lib/router.js";
import { capital, count, decimal, many, moment, visible } from "../lib/words.js";
import { empty } from "./bits.js";
import { chart } from "./chart.js";
import { marksUrl } from "./marks.js";
import { panel } from "./panel.js";
import { risk } from "./risk.js";
import { table } from "./table.js";

const ROWS = 50;
const COLUMNS = 3;
const HOUR = 3600;

// The other entity: that with a risk, or of that one the first other.
export const otherOf = (e) => allEntities().find((o) => o !== e && o.risk) ?? allEntities().find((o) => o !== e);

const idColumn = (other) => ({ title: capital(other.title), isHead: true, cell: (row) => h("a", { class: "id", title: visible(row[other.key]), "data-row": true, href: href(["entities", other.plural, row[other.key]]) }, h("bdi", {}, visible(row[other.key]))) });

const riskColumns = ({ risk: r }, rows) => [{ title: capital(r.title), class: "risk", cell: (row) => risk(row, row[r.label]) },
  ...(rows.some((row) => row.value_at_risk != null) ? [{ title: `${r.value_title}, ${r.value_unit}`, isNum: true, cell: (row) => (row.value_at_risk == null ? "–" : decimal(row.value_at_risk, 0)) }] : [])];

const valueColumns = (other) => listed(other, COLUMNS).map((c) => ({ title: capital(featureName(other, c.name)), isNum: true, cell: (row) => value(row[c.name], c.unit) }));

// How many there are, how many of them are in the band high, and what is at stake.
const sums = (e, other, r) => {
  const some = r.counted < r.total ? `Of the ${named(r.counted, other)} with the most events of ${count(r.total)}` : named(r.total, other);
  const high = r.high == null ? "" : `, ${count(r.high)} of them in the band high`;
  const stake = r.value_at_risk == null ? "" : `; ${other.risk.value_title.toLowerCase()} ${decimal(r.value_at_risk, 0)} ${other.risk.value_unit}`;
  return `${some} in ${many(r.days, "day", "days")}${high}${stake}.`;
};

const relatedTable = (e, other, r) => table({ id: "related", caption: `${titleOf(other)} in its events, ${other.risk ? "most at stake" : "most events"} first`, rows: r.items, key: (row) => row[other.key], empty: `No ${other.title} is in its events of ${many(r.days, "day", "days")}.`, isShort: r.items.length > 12, columns: [
  idColumn(other), ...(other.risk ? riskColumns(other, r.items) : valueColumns(other)),
  { title: "Events", isNum: true, cell: (row) => h("span", { title: `newest ${moment(row.together.newest_at)} UTC` }, count(row.together.events)) }] });

// In few words, of the row that stands out: how many there are, and how much is at stake.
export const stakeUrl = (e, id, other) => url(`/api/v1/${e.plural}/${encodeURIComponent(id)}/related`, { entity: other.entity, limit: 1 });
export const stakeWords = (other, r) => ({ text: named(r.total, other), note: [r.high == null ? null : `${count(r.high)} in the band high`, r.value_at_risk == null ? null : `${other.risk.value_title.toLowerCase()} ${decimal(r.value_at_risk, 0)} ${other.risk.value_unit}`, `in ${many(r.days, "day", "days")}`].filter(Boolean).join("; ") });

const relatedUrl = (e, id, other) => url(`/api/v1/${e.plural}/${encodeURIComponent(id)}/related`, { entity: other.entity, limit: ROWS });

export const relatedPanel = (e, id, other) => panel({ id: "related", title: `${titleOf(other)} in its events`, note: "both ids in one event", height: 260, every: SLOW_MS, urls: { r: relatedUrl(e, id, other) },
  render: ({ r }) => [r.total > 0 ? h("p", { "data-testid": "related-sums" }, sums(e, other, r)) : null, relatedTable(e, other, r), r.items.length < r.counted ? h("p", { class: "note" }, `The first ${many(r.items.length, "row", "rows")}.`) : null] });

// ---- by the hour ----

const hoursModel = (hours) => {
  const at = new Map(hours.map((one) => [Date.parse(one.hour) / 1000, one.events]));
  const x = [];
  for (let t = Math.min(...at.keys()); t <= Math.max(...at.keys()); t += HOUR) x.push(t);
  const busiest = hours.reduce((most, one) => (one.events > most.events ? one : most));
  return { id: "row-hours", title: "Events by the hour", unit: "events per hour", x, series: [{ name: "events", kind: "bar", values: x.map((t) => at.get(t) ?? 0) }],
    words: `${many(hours.reduce((sum, one) => sum + one.events, 0), "event", "events")} in ${many(hours.length, "hour", "hours")}; most in one: ${count(busiest.events)}.` };
};

export const hoursPanel = (e, id, other) => panel({ id: "row-hours", title: "By the hour", note: "7 days", height: 320, every: SLOW_MS, urls: { r: relatedUrl(e, id, other), past: marksUrl("-7d") }, optional: ["past"],
  render: ({ r, past }) => (r.hours.length === 0 ? empty("No event is kept.") : chart({ ...hoursModel(r.hours), marks: past?.marks })) });
