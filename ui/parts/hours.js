// Events per hour by type, as a chart of 48 hours, with what is usual for the hour where the server knows it.
import { count, many, moment } from "../lib/words.js";

const TYPES_MAX = 4;
const HOURS = 48; // also when the data begin later: a first hour has its place in the window
const TOLERANCE = 0.05; // beyond the range of the past weeks, which are few: what is just outside of it alarms nobody
const beside = (n) => Math.max(TOLERANCE * n, 2 * Math.sqrt(n)); // of few events chance alone moves more
const LEAST_SHARE = 0.01; // types with a smaller share are grouped as "other"

// The types that have their own bars, in the order of their names.
const mainTypes = (rows) => {
  const totals = new Map();
  for (const r of rows) totals.set(r.event_type, (totals.get(r.event_type) ?? 0) + r.events);
  const all = [...totals.values()].reduce((sum, n) => sum + n, 0);
  return [...totals.keys()].filter((t) => totals.get(t) >= LEAST_SHARE * all).sort((x, y) => totals.get(y) - totals.get(x)).slice(0, TYPES_MAX).sort();
};

// Converts the rows of the API to {hours: [unix seconds], types: [name], counts: [type][hour]}; hours without events get 0. There is at least one row.
const pivot = (rows) => {
  const types = mainTypes(rows);
  const place = (type) => types.indexOf(type);
  if (rows.some((r) => place(r.event_type) < 0)) types.push("other");
  const times = rows.map((r) => Date.parse(r.hour) / 1000);
  const last = Math.max(...times), first = Math.min(...times, last - (HOURS - 1) * 3600);
  const hours = [];
  for (let t = first; t <= last; t += 3600) hours.push(t);
  const counts = types.map(() => hours.map(() => 0));
  rows.forEach((r, i) => {
    const type = place(r.event_type);
    counts[type < 0 ? types.length - 1 : type][(times[i] - first) / 3600] += r.events;
  });
  return { hours, types, counts };
};

// Of the hours that have a past: the middle of it and its edges.
const usual = (inflow, hours) => {
  const at = new Map((inflow ?? []).filter((i) => i.weeks > 0).map((i) => [Date.parse(i.hour) / 1000, i]));
  if (at.size === 0) return [];
  const line = (name, key, kind) => ({ name, kind, values: hours.map((t) => at.get(t)?.[key] ?? null) });
  return [line("usual", "median", "dash"), line("usual, low", "low", "edge"), line("usual, high", "high", "edge")];
};

export const hoursModel = (rows, inflow) => {
  const { hours, types, counts } = pivot(rows);
  const all = hours.map((_, t) => counts.reduce((sum, row) => sum + row[t], 0));
  const peak = all.indexOf(Math.max(...all));
  return {
    id: "hours", title: "Events per hour by type", unit: "events per hour", x: hours, isStacked: true,
    series: [...types.map((name, i) => ({ name, kind: "bar", values: counts[i] })), ...usual(inflow, hours)],
    words: `Over ${many(hours.length, "hour", "hours")}. Most: ${count(all[peak])} in the hour of ${moment(hours[peak] * 1000)}; newest hour: ${count(all.at(-1))}.`,
  };
};

const isMore = (i) => i.events > i.high + beside(i.high);
const usualWords = (low, high) => (low === high ? count(low) : `${count(low)} to ${count(high)}`);

// The newest hour that is over, or the running one once it has more than is usual, beside what is usual for it: {state, text, note}.
export const inflowAnswer = (inflow) => {
  if (!inflow) return { text: "Not known", note: "This server keeps no past hours." };
  const hour = inflow.filter((i) => i.complete !== false || (i.weeks && isMore(i))).at(-1);
  const running = inflow.at(-1);
  if (running && running.events > 0 && !inflow.some((i) => i.complete !== false && i.events > 0)) {
    return { text: "Too early to say", note: `The first hour of data, ${moment(running.hour)}, is not over: ${many(running.events, "event", "events")} so far. What is usual is known after a week.` };
  }
  if (!hour) return { text: "No events yet" };
  if (!hour.weeks) return { text: many(hour.events, "event", "events"), note: `In the hour of ${moment(hour.hour)}. What is usual is known after a week.` };
  const [state, text] = hour.events < hour.low - beside(hour.low) ? ["degraded", "Less than usual"] : isMore(hour) ? ["degraded", "More than usual"] : ["ok", "As usual"];
  return { state, text, note: `${many(hour.events, "event", "events")} in the hour of ${moment(hour.hour)}; usual ${usualWords(Math.round(hour.low), Math.round(hour.high))}.` };
};
