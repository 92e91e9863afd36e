// What somebody said of a group of events that did not pass: open, accepted or fixed; a fixed one comes back by itself. Which groups wait.
import { change } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { again, SLOW_MS } from "../lib/live.js";
import { parse, setQuery } from "../lib/router.js";
import { may, SESSION } from "../lib/session.js";
import { agoElement, visible } from "../lib/words.js";
import { badge, empty, select } from "../parts/bits.js";
import { changeForm, choice, remark, written } from "../parts/change_form.js";
import { needsAdmin } from "../parts/needs_admin.js";
import { panel } from "../parts/panel.js";

const badges = { open: ["degraded", "Open"], quiet: ["ok", "Quiet"], accepted: ["idle", "Accepted"], fixed: ["ok", "Fixed"], came_back: ["down", "Came back"] };
const SAID = [["accepted", "Accepted: nobody must do anything"], ["fixed", "Fixed: it is back with the next event"], ["open", "Open"]];
const SHOWN = [["", "All"], ["waits", "Wait for somebody"], ["open", "Open"], ["came_back", "Came back"], ["fixed", "Fixed"], ["accepted", "Accepted"]];

const reviewOf = (g) => g.review?.state ?? "open";
export const waits = (g) => reviewOf(g) === "open" || reviewOf(g) === "came_back";

// Of an open group also whether events still come.
export const stateBadge = (g) => {
  const state = reviewOf(g) === "open" ? g.state : reviewOf(g);
  return badges[state] ? badge(...badges[state]) : null;
};

export const shownGroups = (groups) => {
  const { review } = parse().query;
  return groups.filter((g) => !review || (review === "waits" ? waits(g) : reviewOf(g) === review));
};

export const stateFilter = () => h("div", { class: "filters" }, select("Show", "review", SHOWN, parse().query.review, (review) => setQuery({ review })));

const said = ({ review }) => (review?.at == null ? h("p", { class: "note" }, "Nobody has said anything of it yet.")
  : h("p", {}, h("span", { class: "note" }, agoElement(review.at), review.by == null ? null : [" by ", h("bdi", {}, visible(review.by))], review.text ? ": " : "."), written(review.text, visible)));

const form = (g, url) => changeForm({ id: "group-state", label: "State of this group", button: "Say so", fields: () => [choice("It is", "state", SAID), remark("Why")],
  send: async (values, key) => {
    const { review } = await change("/api/v1/quality/state", { layer: g.layer, rule: g.rule, field: g.field, ...values }, key);
    return `Kept: ${badges[review.state][1].toLowerCase()}.`;
  },
  done: () => again(url) });

const isOf = (query) => (g) => g.layer === (query.layer ?? "silver") && g.rule === query.rule && (g.field ?? "") === (query.field ?? "");

export const statePanel = (query, url) => panel({
  id: "state", title: "Who sees to it", height: 150, every: SLOW_MS, urls: { q: url, session: SESSION }, optional: ["session"],
  render: ({ q, session }) => {
    const g = q.groups.find(isOf(query));
    if (!g) return empty("No such event was seen in this time.");
    return [h("p", { "data-testid": "group-review" }, stateBadge(g)), said(g), may(session, "admin") ? form(g, url) : h("p", { class: "note" }, needsAdmin(session, "Saying that it is accepted or fixed"))];
  },
});
