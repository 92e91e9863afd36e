// What features of one row were on each day, of its events: those of the list that have such a value, two at most.
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { featureName, listed, value } from "../lib/names.js";
import { url } from "../lib/api.js";
import { capital, many } from "../lib/words.js";
import { empty } from "./bits.js";
import { trend } from "./chart.js";
import { panel } from "./panel.js";

const SHOWN = 2;

export const daysUrl = (e, id, name) => url(`/api/v1/${e.plural}/${encodeURIComponent(id)}/days`, { feature: name });

const model = (e, c, items) => {
  const name = featureName(e, c.name), newest = items.at(-1);
  return { id: `days-${c.name}`, title: `${capital(name)} by the day`, unit: c.unit || name, x: items.map((one) => Date.parse(one.day) / 1000),
    series: [{ name, kind: "line", values: items.map((one) => one.value) }],
    words: `Of the events of each of ${many(items.length, "day", "days")}; ${value(newest.value, c.unit)} on the newest, of ${many(newest.events, "event", "events")}.` };
};

const dayPanel = (e, id, c) => panel({ id: `days-${c.name}`, title: capital(featureName(e, c.name)), note: "by the day, 35 days", height: 320, every: SLOW_MS, urls: { r: daysUrl(e, id, c.name) },
  render: ({ r }) => (r.items.length === 0 ? empty("No event with it is kept.") : trend(model(e, c, r.items))) });

// None where no feature of the list has a value of each day.
export const daysPanels = (e, id) => {
  const shown = listed(e, 8).filter((c) => c.by_day).slice(0, SHOWN);
  return shown.length > 0 ? h("div", { class: "pair" }, shown.map((c) => dayPanel(e, id, c))) : null;
};
