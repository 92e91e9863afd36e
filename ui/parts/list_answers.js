// The answers above the list of an entity with a risk: whom to call first, why, what happened lately, which group is worst.
import { url } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { isDots, named, reasonFeature, reasonName, value } from "../lib/names.js";
import { href } from "../lib/router.js";
import { agoElement, capital, count, decimal, percent, visible } from "../lib/words.js";
import { answer, answerContent, answerPanel, answers, missing } from "./bits.js";
import { whereText } from "./list_filters.js";
import { panel } from "./panel.js";
import { typicalOf } from "./risk.js";
import { standingAnswers } from "./standing_answers.js";

const TOP = 200; // rows with the most at stake, by which groups are compared

const rowHref = (e, row) => href(["entities", e.plural, row[e.key]]);
const idOf = (e, row) => visible(row[e.key]);

const whom = (e, row) => answer("whom", "Call first", idOf(e, row), [row.churn_probability == null ? "Not scored yet" : `${percent(row.churn_probability, 1)} ${e.risk.title}`,
  row.value_at_risk == null ? "" : `, ${decimal(row.value_at_risk, 0)} ${e.risk.value_unit} ${e.risk.value_title.toLowerCase()}`], { href: rowHref(e, row) });

const why = (e, row, typical, source) => {
  const r = (row.reasons ?? []).find((one) => one.contribution > 0) ?? row.reasons?.[0];
  if (!r) return answer("why", "Why?", "No reasons yet", "They come with the first model.");
  const { unit } = reasonFeature(e, r);
  const usual = typical?.[r.feature]?.p50;
  return answer("why", "Why?", `${capital(reasonName(e, r))}: ${value(r.value, unit)}`, usual == null ? missing(source, "What is typical is not known to this server.") : `Typical: ${value(usual, unit)}`);
};

const lately = (e, row) => panel({
  id: "lately", title: "Lately", isPlain: true, isBare: true, height: 60, urls: { events: `/api/v1/${e.plural}/${encodeURIComponent(row[e.key])}/events?limit=1` }, every: 60000,
  absent: answerContent("What happened lately?", "Not known", "This server has no timeline."),
  render: ({ events }) => {
    const [last] = events.items;
    return last ? answerContent("What happened lately?", `${last.event_type} event`, [h("bdi", {}, idOf(e, row)), ", ", agoElement(last.event_timestamp), last.state === "silver" ? "" : `, in ${last.state}`], { href: rowHref(e, row) })
      : answerContent("What happened lately?", "No event kept");
  },
});

// Of the rows with the most at stake: the value of a text column that they share most.
const worstGroup = (e, items) => {
  const texts = e.columns.filter((c) => items.some((row) => typeof row[c.name] === "string"));
  const groups = texts.flatMap((c) => {
    const sums = new Map();
    for (const row of items) if (row[c.name]) sums.set(row[c.name], (sums.get(row[c.name]) ?? 0) + (row.value_at_risk ?? row.churn_probability ?? 0));
    return [...sums].map(([name, sum]) => ({ column: c, name, sum }));
  });
  return groups.sort((a, b) => b.sum - a.sum)[0];
};

const group = (e, items, total) => {
  const worst = worstGroup(e, items);
  if (worst) return answer("group", "Worst group", `${visible(worst.name)}`, `By ${worst.column.title}, of the first ${items.length}`, { href: href(["entities", e.plural], { where: whereText(worst.column.name, worst.name) }) });
  const high = items.filter((row) => row.risk_band === "high").length;
  return answer("group", "Worst group", "Band high", `${high === items.length && total > high ? `${count(high)} and more` : count(high)} of ${named(total, e)}; the declarations name no other group.`, { href: href(["entities", e.plural], { band: "high" }) });
};

const withRisk = (e) => panel({
  id: "answers", title: "Answers", isPlain: true, isBare: true, height: 134, every: SLOW_MS,
  urls: { top: url(`/api/v1/${e.plural}`, { sort: e.risk.value_name ? "-value" : null, limit: TOP }), features: "/api/v1/features" }, optional: ["features"],
  render: ({ top, features }, sources) => {
    const [row] = top.items;
    if (!row) return answers(answer("whom", "Call first", `No ${e.title_plural} yet`));
    return answers(whom(e, row), why(e, row, typicalOf(features, e), sources.features), isDots(row[e.key]) ? null : answerPanel("lately", lately(e, row)), group(e, top.items, top.total));
  },
});

export const listAnswers = (e) => (e.risk ? withRisk(e) : standingAnswers(e));
