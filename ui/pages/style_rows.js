// For the page that shows the parts: rows of other entities, what is not as usual, and where it is, in each state. Of entities that no lake has.
import { Refusal } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { ownUsualPanel } from "../parts/own_usual.js";
import { panel } from "../parts/panel.js";
import { placesPanel } from "../parts/places.js";
import { relatedPanel } from "../parts/related.js";

const AT = "2026-01-05T00:00:00Z";
const column = (name, title, unit, worse, days = null) => ({ name: days ? `${name}_${days}d` : name, feature: name, title, unit, worse, days, list_position: days ? null : 1 });
const columnsOf = (name, title, unit, worse) => [column(name, title, unit, worse), column(name, title, unit, worse, 7)];
const pump = { entity: "example-pump", plural: "example-pumps", key: "id", title: "pump", title_plural: "pumps", columns: [...columnsOf("wait", "mean wait", "s", "higher"), ...columnsOf("load", "mean load", "kg", null)], place: null };
const owner = { entity: "example-owner", plural: "example-owners", key: "id", title: "owner", title_plural: "owners", columns: columnsOf("spent", "spent", "EUR", null), risk: { title: "risk of going", label: "goes", value_title: "Worth at risk", value_unit: "EUR" } };

// ---- data ----

const pumpRow = (id, wait, lately, load, loadLately, x, y) => ({ id, wait, wait_7d: lately, load, load_7d: loadLately, x, y });
const pumps = [pumpRow("north-1", 10, 16, 5, 5, 0, 8), pumpRow("north-2", 12, 8, 5, 5, 2, 9), pumpRow("north-3", 9, 9.2, 5, 5.1, 4, 7), pumpRow("south-1", 11, 11, 4, 7, 1, 1), pumpRow("south-2", 11, 11.5, 6, 3, 5, 2), pumpRow(`south-${"W".repeat(200)}`, 11, 12.4, 5, 4.9, 6, 0)];
const typical = { features: { entities: [{ entity: pump.entity, features: [{ name: "wait", p25: 9, p50: 11, p75: 12 }, { name: "load", p25: 4, p50: 5, p75: 6 }] }] } };
const usual = pumps.map((row) => ({ ...row, wait_7d: row.wait + 0.1 * (row.x - 2.5), load_7d: row.load }));
const unknown = pumps.map((row) => ({ ...row, wait_7d: row.wait, load_7d: row.load }));
const ownerRow = (id, probability, band, worth, events) => ({ id, churn_probability: probability, risk_band: band, goes: 0, value_at_risk: worth, together: { events, newest_at: AT } });
const owners = [ownerRow("first", 0.81, "high", 1234, 17), ownerRow("\u05d0\u05d1\u05d2", 0.4, "medium", 20, 3), ownerRow("W".repeat(200), null, null, null, 1)];

const source = (data) => ({ url: "/api/v1/example", state: "ready", error: null, data, at: AT });
const loading = { url: "/api/v1/example", state: "loading", error: null, data: null };
const failed = { ...loading, state: "failed", error: new Refusal("The query took longer than 10 s.", 504) };
const rowsOf = (rows, total = rows.length) => ({ top: source({ items: rows, total }), features: source(typical.features) });

// ---- panels ----

// A panel of another page, under another id and title, with data that are given.
const shown = ({ model }, id, title, sources) => panel({ ...model, id: `style-${id}`, title, sources });

const related = (items, total = items.length) => ({ r: source({ total, counted: total, high: 1, value_at_risk: 1254, days: 7, items, hours: [] }) });
const relatedAs = (id, title, sources) => shown(relatedPanel(pump, "north-1", { ...owner, title_plural: `owners (${title.toLowerCase()})` }), id, title, sources);
const usualAs = (id, title, sources) => shown(ownUsualPanel({ ...pump, title_plural: `pumps (${title.toLowerCase()})` }), id, title, sources);
const placesAs = (id, title, sources, place = null) => shown(placesPanel({ ...pump, title_plural: `pumps (${title.toLowerCase()})`, place }), id, title, sources);

const pair = (...panels) => h("div", { class: "charts" }, panels);
const head = (title) => h("h2", {}, title);

export const rows = () => [
  head("Related rows"),
  pair(relatedAs("related", "Related rows", related(owners, 12)), relatedAs("related-none", "No related rows", related([])), relatedAs("related-loading", "Related rows that load", { r: loading }), relatedAs("related-failed", "Related rows that failed", { r: failed })),
  head("Not as usual"),
  pair(usualAs("moves", "Some are not as usual", rowsOf(pumps, 1000)), usualAs("moves-none", "All are as usual", rowsOf(usual)), usualAs("moves-short", "Too little history", rowsOf(unknown)), usualAs("moves-empty", "No rows", rowsOf([])),
    usualAs("moves-loading", "Rows that load", { top: loading, features: loading }), usualAs("moves-failed", "Rows that failed", { top: failed, features: source(typical.features) })),
  head("Places"),
  pair(placesAs("places", "Without coordinates", rowsOf(pumps, 1000)), placesAs("map", "With coordinates", rowsOf(pumps), { x: "x", y: "y" }), placesAs("places-short", "Places, too little history", rowsOf(unknown)), placesAs("places-loading", "Places that load", { top: loading, features: loading }),
    placesAs("places-failed", "Places that failed", { top: failed, features: source(typical.features) })),
];
