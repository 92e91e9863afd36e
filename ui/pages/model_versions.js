// The versions of the model, and promoting one of them: for tokens with the scope admin, after a question, since all scores change with it.
import { change, newKey, request, words } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { again, SLOW_MS } from "../lib/live.js";
import { href } from "../lib/router.js";
import { mayByName, SESSION } from "../lib/session.js";
import { agoElement, count, decimal } from "../lib/words.js";
import { badge } from "../parts/bits.js";
import { confirm } from "../parts/confirm.js";
import { needsAdmin } from "../parts/needs_admin.js";
import { panel } from "../parts/panel.js";
import { table } from "../parts/table.js";

const ASK_AGAIN_MS = 1000;
const GIVE_UP_AFTER = 120; // times
const keys = new Map(); // model -> the key of the wish to promote it, until it is answered
let said = null; // {model, text, isFailed}: of the last promotion
let unable = null; // why this server promotes nothing

const later = () => new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN_MS); });

// An operation that is not done yet says so at its own address.
const finished = async (operation) => {
  let now = operation;
  for (let i = 0; now.state === "running" && i < GIVE_UP_AFTER; i++) {
    await later();
    now = (await request(`/api/v1/operations/${encodeURIComponent(now.id)}`)).body;
  }
  return now;
};

const textOf = (id, operation) => {
  if (operation.state === "failed") return { model: id, text: operation.error?.detail ?? "It failed.", isFailed: true };
  return { model: id, text: operation.state === "running" ? "It is still being promoted." : "It is in use, and scores from the next scoring on are its.", isFailed: false };
};

const refused = (id, error) => {
  if (error.status === 404 || error.status === 405) unable = "This server cannot promote a model; `smelt model promote` does.".replaceAll("`", "");
  if (error.status != null) keys.delete(id); // it was answered: another try is another wish
  return { model: id, text: unable ?? words(error), isFailed: true };
};

const promote = async (id, e, models) => {
  const title = `Promote ${id}?`;
  if (!(await confirm({ title, text: `Scores, bands and reasons of all ${e.title_plural} are this model's from the next scoring on.`, yes: "Promote it" }))) return;
  if (!keys.has(id)) keys.set(id, newKey());
  said = { model: id, text: "Promoting", isFailed: false };
  again(models);
  try {
    said = textOf(id, await finished(await change(`/api/v1/models/${encodeURIComponent(id)}/promote`, {}, keys.get(id))));
    keys.delete(id);
  } catch (error) {
    said = refused(id, error);
  }
  document.dispatchEvent(new Event("smelt-answers")); // panels draw again, also when nothing else is new
  again(models);
};

const promoteCell = (e, models) => (r) => (r.current ? null : h("button", { type: "button", class: "quiet small", "data-testid": "promote", disabled: unable != null, "aria-label": `Promote ${r.model_id}`, click: () => promote(r.model_id, e, models) }, "Promote"));

// Who may not is told why, where there is something to promote.
const whyNot = (session, rows) => {
  if (unable) return unable;
  if (rows.length < 2 || mayByName(session, "admin")) return null;
  return needsAdmin(session, "Promoting another model", `smelt model promote ${rows.find((r) => !r.current).model_id}`);
};

export const versionsTable = ({ rows, e, models, session }) => table({ id: "versions", caption: "Models, newest first", rows, key: (r) => r.model_id, empty: "No model yet.", isShort: rows.length > 10, columns: [
  { title: "Model", isHead: true, cell: (r) => [h("a", { href: href("model", { id: r.model_id }), "data-row": true }, h("code", {}, r.model_id)), r.current ? [" ", badge("ok", "In use")] : null] },
  { title: "Trained", class: "when", cell: (r) => agoElement(r.trained_at) }, { title: "Label", cell: (r) => r.label_source }, { title: "Rows", isNum: true, cell: (r) => count(r.training_rows) },
  { title: "AUC", isNum: true, cell: (r) => decimal(r.auc, 3) }, { title: "Log loss", isNum: true, cell: (r) => decimal(r.log_loss, 4) }, { title: "Scored", isNum: true, cell: (r) => (r.scored == null ? "–" : count(r.scored)) },
  ...(mayByName(session, "admin") && rows.length > 1 ? [{ title: "", cell: promoteCell(e, models) }] : [])] });

export const versionsPanel = (models, entity) => panel({
  id: "versions", title: "Versions", sql: "SELECT * EXCLUDE (metadata) FROM models ORDER BY trained_at DESC", height: 200, every: SLOW_MS, urls: { m: models, session: SESSION }, optional: ["session"],
  render: ({ m, session }) => {
    const why = whyNot(session, m.models);
    return [versionsTable({ rows: m.models, e: entity(), models, session }), why ? h("p", { class: "note", "data-testid": "why-not" }, why) : null,
      h("p", { role: "status", class: said?.isFailed ? "refused" : "note", "data-testid": "promoted" }, said ? `${said.model}: ${said.text}` : "")];
  },
});
