// Since when one row is not as it usually is: the values of its days, and the day from which on they differ most from those before. It is found by the
// sum of what each day differs from the mean of all (CUSUM; E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954): where it is largest.
import { SLOW_MS } from "../lib/live.js";
import { featureName, value } from "../lib/names.js";
import { many, moment, visible } from "../lib/words.js";
import { answer, answerContent, answerPanel } from "./bits.js";
import { daysUrl } from "./days.js";
import { panel } from "./panel.js";

const LEAST_DAYS = 4;
const QUESTION = "Since when?";

const meanOf = (days) => days.reduce((sum, one) => sum + one.value, 0) / days.length;
const dayText = (day) => moment(`${day}T00:00:00Z`).split(", ")[0];

// {since, before, after}: the first day of the change, and the means on both sides of it. There are at least two days.
export const changeOf = (days) => {
  const mean = meanOf(days);
  let sum = 0, most = 0, at = 1;
  days.slice(0, -1).forEach((one, i) => {
    sum += one.value - mean;
    if (Math.abs(sum) > most) [most, at] = [Math.abs(sum), i + 1];
  });
  return { since: days[at].day, before: meanOf(days.slice(0, at)), after: meanOf(days.slice(at)), days: days.length - at };
};

const words = (e, m, days) => {
  const name = featureName(e, m.pair.usual.name), unit = m.pair.usual.unit, id = visible(String(m.row[e.key]));
  if (days.length < LEAST_DAYS) return ["Not known yet", `${id} has events of ${many(days.length, "day", "days")}.`];
  const { since, before, after, days: of } = changeOf(days);
  if (after > before !== m.moved > 0) return ["No one day", `The ${name} of ${id} goes up and down.`];
  return [dayText(since), `${id}: ${name} ${value(after, unit)} on ${many(of, "day", "days")}, ${value(before, unit)} before`];
};

// Of the row that is furthest on the side that is worse. found: {known, bad} of moves.js; null: not known.
export const sinceWhen = (e, found) => {
  const m = found?.bad[0];
  if (!m) return answer("since", QUESTION, found?.known.size > 0 ? "Nothing is worse" : found && !found.isOneWay ? "Not known yet" : "Not known");
  const days = daysUrl(e, m.row[e.key], m.pair.usual.name);
  return answerPanel("since", panel({ id: "since", title: QUESTION, isPlain: true, isBare: true, height: 60, every: SLOW_MS, urls: { r: days }, absent: answerContent(QUESTION, "Not known"),
    render: ({ r }) => answerContent(QUESTION, ...words(e, m, r.items)) }));
};
