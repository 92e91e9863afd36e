// The small parts: states as a shape and a word, bars, answers, what to say when there is nothing.
import { h } from "../lib/dom.js";
import { words } from "../lib/api.js";
import { say } from "../lib/clipboard.js";
import { capital } from "../lib/words.js";

const stateWords = { ok: "OK", degraded: "Degraded", down: "Down", unknown: "Unknown" };
export const badge = (state, text = stateWords[state] ?? state) => h("span", { class: "badge", "data-state": state }, text);

// What the page says of the parts is not known any more: the server does not answer (body.stale).
export const withoutStates = (root) => {
  if (!document.body.classList.contains("stale")) return;
  for (const e of root.querySelectorAll(".badge[data-state]")) e.replaceWith(badge("unknown", "Not known"));
  for (const e of root.querySelectorAll(".answer[data-state]")) {
    if (e.dataset.state === "ok") e.querySelector(".said").textContent = "Not known";
    e.removeAttribute("data-state");
  }
};

export const worstPart = (s) => s.components.find((c) => c.state === "down") ?? s.components.find((c) => c.state === "degraded");

// A status in words: the worst part by its name, and how many others there are; a list of parts says which, and no header has room for it. A server that has
// just begun has looked at none.
export const inWords = (s, well) => {
  const bad = s.components.filter((c) => c.state !== "ok");
  const worst = worstPart(s) ?? bad[0];
  return worst ? `${worst.title} is ${worst.state}${bad.length > 1 ? ` and ${bad.length - 1} more` : ""}` : s.state === "ok" ? well : "Checking";
};

// A bar whose length is `share` (0 to 1). Decoration: the number is always shown next to it.
export const bar = (share, kind) => {
  const fill = h("span", { class: "fill" });
  fill.style.width = `${Math.round(Math.max(0, Math.min(1, share || 0)) * 1000) / 10}%`;
  return h("span", { class: "bar", "data-kind": kind, "aria-hidden": "true" }, fill);
};

// The answer to one of the questions that a page is for: the question in few words, the answer, and what it rests on.
export const answer = (id, question, text, note, { state, href } = {}) => h("li", { class: "answer", "data-answer": id, "data-key": id, "data-state": state },
  h("p", { class: "question" }, question),
  h("p", { class: "said" }, href ? h("a", { href }, text) : text),
  note ? h("p", { class: "note" }, note) : null);

// One that asks for data of its own: a panel in the place of an answer.
export const answerPanel = (id, panel) => h("li", { class: "answer", "data-answer": id, "data-key": id }, panel);
export const answerContent = (question, text, note, { href } = {}) => [h("p", { class: "question" }, question), h("p", { class: "said" }, href ? h("a", { href }, text) : text), note ? h("p", { class: "note" }, note) : null];

export const answers = (...all) => h("ul", { class: "answers", "data-testid": "answers" }, all);

// Why an answer is not known: what the server said when it did not give one; `absent`, where this server has no such address.
export const missing = (source, absent = "Not available from this server.") => (source?.error && source.state !== "absent" ? prose(capital(words(source.error))) : absent);

export const note = (...text) => h("p", { class: "note" }, text);

// A command that can be copied.
export const command = (text) => h("span", { class: "command" }, h("code", {}, text),
  h("button", { type: "button", class: "quiet small", "aria-label": `Copy ${text}`, click: (event) => say(text, event.currentTarget) }, "Copy"));

// Text in which `commands` between backticks stand as such.
export const prose = (text) => (text ?? "").split("`").map((part, i) => (i % 2 === 1 ? h("code", {}, part) : part));

export const empty = (text, ...more) => h("div", { class: "empty" }, h("p", {}, text), more);

// Rows of a name and a value.
export const facts = (pairs) => h("dl", { class: "facts" }, pairs.filter(([, v]) => v != null).map(([name, v]) => h("div", {}, h("dt", {}, name), h("dd", {}, v))));

export const select = (label, name, choices, chosen, change, testid = name) => h("label", {}, label,
  h("select", { name, "data-testid": testid, change: (event) => change(event.target.value) },
    choices.map(([value, text]) => h("option", { value, selected: value === (chosen ?? "") }, text))));
