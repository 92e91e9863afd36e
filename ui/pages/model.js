// Model: can one believe it (which label), is it calibrated, what drives it, how the scores are spread, is it better than the one before.
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { allEntities, featureName } from "../lib/names.js";
import { href, parse } from "../lib/router.js";
import { agoElement, brief, capital, count, decimal, many, percent, timeElement } from "../lib/words.js";
import { answer, answers, bar, command, empty, facts, missing, prose } from "../parts/bits.js";
import { chart } from "../parts/chart.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";
import { versionsPanel } from "./model_versions.js";

const models = "/api/v1/models";
const histogram = "/api/v1/scores/histogram?bins=20";
const entity = () => allEntities().find((e) => e.risk);
const oneUrl = (id) => `/api/v1/models/${encodeURIComponent(id)}`;
const currentOf = (m) => m.models.find((one) => one.current) ?? m.models[0];
const beforeOf = (m, one) => m.models[m.models.indexOf(one) + 1];

// ---- answers: of the current model, and from its report where it is kept ----

const believe = (one, report) => {
  if (one.label_source === "rule") return answer("believe", "Can I believe it?", "Only as the rule", one.metadata?.until ? "It repeats Gold's own rule. Why, and until when, says the card below." : "It was trained on Gold's own rule, so it can only repeat that rule.", { state: "degraded" });
  const [warning] = report?.warnings ?? [];
  return answer("believe", "Can I believe it?", warning ? "With care" : `AUC ${decimal(one.auc, 3)}`, warning ?? `Label: ${one.label_source}; ${many(one.training_rows, "row", "rows")} trained.`, { state: warning ? "degraded" : "ok" });
};

const calibrated = (report) => {
  if (!report) return answer("calibrated", "Is it calibrated?", "Not known", "Its report is gone.");
  const error = report.calibration?.expected_error;
  return answer("calibrated", "Is it calibrated?", error == null ? "Not known" : error < 0.05 ? "Yes" : "Not well", error == null ? null : `Its probabilities are off by ${percent(error, 1)} on average, of ${many(report.rows, "row", "rows")} held out.`, { state: error == null ? null : error < 0.05 ? "ok" : "degraded" });
};

const drives = (one) => {
  const [top, next] = one.metadata?.top_features ?? [];
  return top ? answer("drives", "What drives it?", capital(featureName(entity(), top.feature)), `${percent(top.gain, 1, 0)} of the gain${next ? `; then ${featureName(entity(), next.feature)}, ${percent(next.gain, 1, 0)}` : ""}`)
    : answer("drives", "What drives it?", "Not known");
};

const moved = (before, now) => {
  if (!before?.day) return answer("moved", "Did the scores move?", "Not known", "There is no score of a day ago.");
  const by = now.at_risk - before.day.at_risk;
  return answer("moved", "Did the scores move?", by === 0 ? "No" : `${by > 0 ? "+" : "−"}${count(Math.abs(by))} at high risk`, [`${count(before.day.at_risk)} then, `, agoElement(before.day.at)], { href: href("overview") });
};

const better = (one, last) => {
  if (!last) return answer("better", "Better than the last one?", "It is the first", "There is no other model to compare it with.");
  const by = one.auc - last.auc;
  return answer("better", "Better than the last one?", by > 0.005 ? "Better" : by < -0.005 ? "Worse" : "The same", `AUC ${decimal(one.auc, 3)}, before ${decimal(last.auc, 3)}; log loss ${decimal(one.log_loss, 4)}, before ${decimal(last.log_loss, 4)}`,
    { state: by < -0.005 ? "degraded" : "ok" });
};

const withReport = (m, current) => panel({
  id: "of-model", title: "Answers about the model", isPlain: true, isBare: true, height: 134, every: SLOW_MS, urls: { one: oneUrl(current.model_id), o: "/api/v1/overview" }, optional: ["o"],
  render: ({ one, o }, sources) => answers(believe(one, one.report), calibrated(one.report), drives(one), !o ? answer("moved", "Did the scores move?", "Not known", missing(sources.o)) : moved(o.before, o[entity().plural] ?? {}), better(current, beforeOf(m, current))),
});

const noModel = () => [empty("No model yet, so there are no risk scores."), h("p", {}, "Train one: ", command("smelt train"))];

const answersPanel = () => panel({ id: "answers", title: "Answers", isPlain: true, isBare: true, height: 134, every: SLOW_MS, urls: { m: models },
  render: ({ m }) => (m.models.length === 0 ? noModel() : withReport(m, currentOf(m))) });

// ---- curves of the report ----

const calibrationModel = ({ deciles }) => {
  const points = [...deciles].sort((a, b) => a.mean_probability - b.mean_probability);
  return { id: "calibration", title: "Calibration", unit: "share that had the outcome", isShare: true, most: 1.02, xTitle: "Mean probability", xWord: (x) => percent(x, 1, 0), x: points.map((d) => d.mean_probability),
    series: [{ name: "the outcome", kind: "line", values: points.map((d) => d.rate) }, { name: "perfect", kind: "dash", values: points.map((d) => d.mean_probability) }],
    words: "Rows in ten groups by probability; on the dashed line they would be right on average." };
};

const liftModel = ({ deciles }) => ({ id: "lift", title: "Gain by depth", unit: "share of all outcomes that are found", isShare: true, most: 1.02, xTitle: "Called, of all", xWord: (x) => percent(x, 1, 0), x: [0, ...deciles.map((_, i) => (i + 1) / deciles.length)],
  series: [{ name: "by the model", kind: "line", values: [0, ...deciles.map((d) => d.gain)] }, { name: "by chance", kind: "dash", values: [0, ...deciles.map((_, i) => (i + 1) / deciles.length)] }],
  words: `Calling the first tenth finds ${percent(deciles[0].gain, 1, 0)} of them: ${brief(deciles[0].lift)} times as many as by chance.` });

const curvesPanel = (id) => panel({
  id: "curves", title: "On rows it had not seen", height: 740, every: SLOW_MS, urls: { one: oneUrl(id) },
  render: ({ one }) => (one.report?.deciles ? h("div", { class: "charts" }, chart(calibrationModel(one.report)), chart(liftModel(one.report))) : empty("The report of this model is gone; the next training writes one.")),
});

const driversPanel = (id) => panel({
  id: "drivers", title: "What drives it", height: 260, every: SLOW_MS, urls: { one: oneUrl(id) },
  render: ({ one }) => {
    const top = one.metadata?.top_features ?? [];
    return table({ id: "drivers", caption: "Features with the most gain", rows: top, key: (r) => r.feature, empty: "The metadata name no features.", columns: [
      { title: "Feature", isHead: true, cell: (r) => capital(featureName(entity(), r.feature)) }, { title: "Share of the gain", isNum: true, cell: (r) => [r.gain < 0.005 ? "under 1%" : percent(r.gain, 1, 0), bar(r.gain / Math.max(top[0].gain, 1e-9), "plain")] }] });
  },
});

const histogramModel = ({ bins }) => ({ id: "histogram", title: "Scores", unit: entity().title_plural, xTitle: capital(entity().risk.title), xWord: (x) => percent(x, 1, 0), x: bins.map((b) => (b.from + b.to) / 2),
  series: [{ name: entity().title_plural, kind: "bar", values: bins.map((b) => b.entities) }], words: `${count(bins.reduce((sum, b) => sum + b.entities, 0))} scored.` });

const histogramPanel = () => panel({
  id: "histogram", title: "How the scores are spread", height: 340, every: SLOW_MS, urls: { s: histogram },
  render: ({ s }) => (s.bins.every((b) => b.entities === 0) ? empty("No score yet.") : [chart(histogramModel(s)), s.bands ? h("p", { class: "note" }, "Bands: ", s.bands.map((b, i) => `${i > 0 ? ", " : ""}${b.band} ${count(b.entities)}${b.least == null ? "" : ` (${percent(b.least, 1, 0)} to ${percent(b.most, 1, 0)})`}`), ".") : null]),
});

// ---- the card, and all models ----

const profit = (report) => report?.profit?.called && `${brief(report.profit.called.profit_per_1000)} per 1,000 (call above ${percent(report.profit.called.threshold, 1, 0)})`;

const cardPanel = (id) => panel({
  id: "card", title: "Model card", height: 300, every: SLOW_MS, urls: { one: oneUrl(id) },
  render: ({ one }) => {
    const meta = one.metadata ?? {}, report = one.report;
    const interval = (m) => m && `${decimal(m.value, 3)} (95%: ${decimal(m.low, 3)} to ${decimal(m.high, 3)})`;
    return [facts([["Model", h("code", {}, one.model_id)], ["Trained", timeElement(one.trained_at)], ["Label", one.label_source === "rule" ? "Gold's own rule" : one.label_source], ["The rule serves because", meta.until ? prose(meta.until) : null], ["Horizon", meta.horizon_days && `${many(meta.horizon_days, "day", "days")}`],
      ["Cut times", meta.cut_times && (Array.isArray(meta.cut_times) ? meta.cut_times.length : meta.cut_times)], ["Data up to", timeElement(one.watermark)],
      ["Rows", `${count(one.training_rows)} to train${meta.holdout_rows ? `, ${count(meta.holdout_rows)} held out` : ""}`], ["With the outcome", meta.positives != null && meta.rows ? `${count(meta.positives)} (${percent(meta.positives, meta.rows)})` : null],
      ["AUC", interval(report?.auc) ?? decimal(one.auc, 3)], ["Area under precision and recall", interval(report?.pr_auc) ?? decimal(one.pr_auc, 3)], ["Log loss", decimal(one.log_loss, 4)], ["Attainable", meta.attainable?.auc && decimal(meta.attainable.auc, 3)],
      ["Profit", profit(report)], ["Scored", one.scored == null ? null : count(one.scored)]]),
    (report?.warnings ?? []).map((w) => h("p", { class: "caveat" }, `${capital(w)}.`)),
    report?.rivals ? table({ id: "rivals", caption: "Beside simpler models", rows: Object.entries(report.rivals), key: ([name]) => name, columns: [{ title: "Simpler model", isHead: true, cell: ([name]) => capital(name) },
      { title: "AUC", isNum: true, cell: ([, r]) => decimal(r.auc, 3) }, { title: "Brier score", isNum: true, cell: ([, r]) => decimal(r.brier, 4) }] }) : null];
  },
});

// Of the model in the address, or of the one in use.
const ofOne = (id) => [h("div", { class: "pair" }, curvesPanel(id), driversPanel(id)), cardPanel(id)];
const detailPanel = () => panel({ id: "detail", title: "The model", isPlain: true, isBare: true, height: 1240, every: SLOW_MS, urls: { m: models },
  render: ({ m }) => (m.models.length === 0 ? null : h("div", { class: "stack" }, ofOne(parse().query.id ?? currentOf(m).model_id))) });

export const render = () => [h("div", { class: "page-head" }, h("h1", {}, "Model")), answersPanel(), detailPanel(), histogramPanel(), versionsPanel(models, entity)];
