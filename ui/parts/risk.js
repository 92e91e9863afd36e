// Risk, the reasons for it, and what is typical: the same in lists and on the page of one row.
import { h } from "../lib/dom.js";
import { reasonFeature, value } from "../lib/names.js";
import { percent } from "../lib/words.js";
import { bar } from "./bits.js";

export const risk = (s, marked) => {
  if (s.churn_probability == null) return [h("span", { class: "band" }, "not scored"), marked === 1 ? h("span", { class: "note" }, " marked by rule") : null];
  return [h("span", { class: "probability" }, percent(s.churn_probability, 1, 1)), bar(s.churn_probability, s.risk_band), h("span", { class: "band", "data-band": s.risk_band }, s.risk_band)];
};

// "mean latency 168 ms in 7 days (typical 95)".
export const reason = (e, r, typical) => {
  const f = reasonFeature(e, r);
  const raises = r.contribution > 0;
  const usual = typical?.[r.feature]?.p50;
  return h("span", { class: "reason", "data-raises": raises ? "yes" : "no" },
    h("span", { "aria-hidden": "true" }, raises ? "▲ " : "▼ "),
    h("span", { class: "unseen" }, raises ? "raises the risk: " : "lowers the risk: "),
    `${f.label} ${value(r.value, f.unit)}${f.window ? ` in ${f.window}` : ""}`,
    usual == null ? null : h("span", { class: "note" }, ` (typical ${value(usual, "")})`));
};

// Where a value stands among those of all others, in words.
const standing = (v, t) => {
  if (v == null || t?.p50 == null || typeof v !== "number") return "";
  if (t.p05 != null && v < t.p05) return "lower than 95%";
  if (t.p95 != null && v > t.p95) return "higher than 95%";
  if (t.p25 != null && v < t.p25) return "low";
  if (t.p75 != null && v > t.p75) return "high";
  return "typical";
};

// The same, and whether it stands on the side that the declarations call worse.
export const standingOf = (v, t, worse) => {
  const text = standing(v, t);
  const side = text.startsWith("high") ? "higher" : text.startsWith("low") ? "lower" : "";
  return side && worse === side ? h("span", { class: "side", "data-side": "worse" }, `${text}: worse`) : text;
};

// "95 ms; half are 80 to 120".
export const typicalText = (t, unit) => (t?.p50 == null ? "–" : `${value(t.p50, unit)}; half are ${value(t.p25, "")} to ${value(t.p75, "")}`);

export const typicalOf = (features, e) => {
  const own = features?.entities?.find((one) => one.entity === e.entity);
  return own ? Object.fromEntries(own.features.map((f) => [f.name, f])) : null;
};
