// The events of one rule and field: their values, where they are in Kafka, and each as it came, with the bad field marked.
import { request, url, words } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { bytes, moment, placeElement, placeText, spaced, timeElement, visible } from "../lib/words.js";
import { command, facts } from "../parts/bits.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";

const place = (r) => `${r.topic}/${r.partition}/${r.offset}`;

// What is wrong where the payload does not have the field: it is missing, or it stands in the envelope around the payload.
const outside = (one, path) => h("mark", {}, one.rule === "required" ? `\n(${path} is missing)` : `\n(${path}: ${visible(String(one.value ?? "?"))}, outside the payload)`);

// "place.lat" and "items[3].sku" as the keys from the payload on.
const keysOf = (path) => (path ?? "").split(/[.[\]]/).filter(Boolean);

// The lines of an object, that of the field at `path` marked.
const payload = (value, path, one) => {
  const bad = keysOf(path);
  const lines = (v, at, indent) => {
    if (v == null || typeof v !== "object" || JSON.isRawJSON?.(v)) return [visible(JSON.stringify(v))];
    const entries = Object.entries(v);
    const [open, close] = Array.isArray(v) ? ["[", "]"] : ["{", "}"];
    return [open, ...entries.flatMap(([key, one], i) => {
      const here = [...at, key];
      const isBad = bad.length > 0 && here.join(".") === bad.join(".");
      const text = [Array.isArray(v) ? "" : `${visible(JSON.stringify(key))}: `, ...lines(one, here, `${indent}  `), i + 1 < entries.length ? "," : ""];
      return [`\n${indent}  `, isBad ? h("mark", {}, text) : text].flat();
    }), `\n${indent}`, close];
  };
  return h("pre", { tabindex: 0, "data-testid": "payload" }, lines(value, [], ""), bad.length > 0 && !hasPath(value, bad) ? outside(one, path) : null);
};
const hasPath = (value, path) => path.reduce((v, key) => (v != null && typeof v === "object" && Object.hasOwn(v, key) ? v[key] : undefined), value) !== undefined;

// Numbers that a browser would change keep their text (JSON.rawJSON) where it can: 12345678901234567890, 1.10.
const exactly = (text) => JSON.parse(text, (name, v, from) => (typeof v === "number" && JSON.rawJSON && from?.source != null && String(v) !== from.source ? JSON.rawJSON(from.source) : v));

// A key that is there twice is in the text alone.
const original = (one) => {
  const text = one.payload_text ?? one.text;
  try {
    if (one.payload_text != null && one.rule !== "repeated_field") return payload(exactly(text), one.path ?? one.field, one);
  } catch { /* no JSON: the text */ }
  return text == null ? null : h("pre", { tabindex: 0, "data-testid": "payload" }, visible(text));
};

const showOne = async (details, r) => {
  if (!details.open || details.dataset.loaded) return;
  details.dataset.loaded = "yes";
  const box = details.querySelector(".one");
  try {
    const { body: one } = await request(url("/api/v1/messages", { topic: r.topic, partition: r.partition, offset: r.offset }));
    box.replaceChildren(...[original(one), one.contract ? h("p", { class: "note" }, `Contract ${one.contract.file}, line ${one.contract.line}; owner: ${one.contract.owner ?? "none"}${one.contract.support ? `, ${one.contract.support}` : ""}.`) : null].filter(Boolean));
  } catch (error) {
    box.replaceChildren(h("p", { class: "note" }, words(error)));
  }
};

const oneEvent = (r) => h("details", { "data-key": place(r), toggle: (event) => showOne(event.currentTarget, r) }, h("summary", {}, "As it came"), h("div", { class: "one" }, h("p", { class: "note" }, "Loading")));

const eventsTable = (items) => table({ id: "bad-events", caption: "Events that did not pass, newest first", rows: items, key: place, empty: "No such event is kept.", columns: [
  { title: "When", isHead: true, class: "when", cell: (r) => timeElement(r.event_timestamp ?? r.quarantined_at) },
  { title: "Event", cell: (r) => r.event_type ?? "–" }, { title: "Source", cell: (r) => r.source_system ?? "–" },
  { title: "Value", cell: (r) => (r.value == null ? h("span", { class: "note" }, "needs the scope raw") : h("mark", {}, visible(String(r.value)))) },
  { title: "Reason", cell: (r) => [r.reason, r.corrected_by ? h("span", { class: "note" }, " corrected since") : null] },
  { title: "Offset", class: "note when", cell: placeElement }, { title: "", cell: oneEvent }] });

const rejectsTable = (items) => table({ id: "bad-events", caption: "Rejected messages, newest first", rows: items, key: place, empty: "No such message is kept.", columns: [
  { title: "When", isHead: true, class: "when", cell: (r) => timeElement(r.rejected_at) }, { title: "Reason", cell: (r) => [spaced(r.reason), r.hint ? h("span", { class: "note" }, ` ${r.hint}`) : null] },
  { title: "Size", isNum: true, cell: (r) => bytes(r.size) }, { title: "Text", cell: (r) => (r.text == null ? h("span", { class: "note" }, "needs the scope raw") : h("code", {}, visible(r.text))) },
  { title: "Offset", class: "note when", cell: placeElement }, { title: "", cell: oneEvent }] });

// What to write to the sender: all that it needs to find the fault.
const message = (query, c, [example]) => [`Events break the rule ${spaced(query.rule)}${query.field ? ` of the field ${query.field}` : ""}${c ? ` (contract ${c.file})` : ""}.`,
  example ? `Newest: ${example.event_type ?? "a message"} of ${example.source_system ?? "no source"}, ${moment(example.event_timestamp ?? example.quarantined_at ?? example.rejected_at)} UTC, ${placeText(example)}. ${example.reason ?? ""}` : ""].join(" ").trim();

const fieldFacts = (query, c) => {
  const field = c?.fields.find((f) => f.name === query.field || f.column === query.field);
  return c && facts([["Owner", c.owner ?? "not declared"], ["Support", c.support], ["Contract", h("code", {}, `${c.file}${field?.line ? `:${field.line}` : ""}`)], ["Version", c.version],
    ["The field must", field ? [field.type, field.required ? ", required" : "", ...(field.rules ?? []).map((r) => `, ${r.must}`)] : null]]);
};

export const badEvents = (query, { title = "The events", most = 20 } = {}) => panel({
  id: "events", title, note: "newest first", height: 320, every: SLOW_MS, optional: ["list"],
  urls: { found: query.layer === "bronze" ? url("/api/v1/rejects", { reason: query.rule, limit: most }) : url("/api/v1/quarantine", { rule: query.rule, field: query.field, limit: most }), list: "/api/v1/quality/contracts" },
  render: ({ found, list }) => {
    const c = list?.contracts.find((one) => one.event_type === found.items[0]?.event_type);
    return [fieldFacts(query, c), query.layer === "bronze" ? rejectsTable(found.items) : eventsTable(found.items),
      found.items.length > 0 ? h("div", { class: "tell" }, h("h3", {}, "Tell the sender"), command(message(query, c, found.items))) : null];
  },
});
