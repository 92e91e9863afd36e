// Notes: what came of talking to one, at its own address and as a mark in lists, so that two people do not call the same one.
import { change, request, Refusal } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { again, SLOW_MS } from "../lib/live.js";
import { agoElement, count, many, timeElement, visible } from "../lib/words.js";
import { changeForm, choice, remark, written } from "./change_form.js";
import { panel } from "./panel.js";
import { table } from "./table.js";

export const OUTCOMES = [["reached", "Reached"], ["not_reached", "Not reached"], ["stays", "Stays"], ["leaves", "Leaves"], ["other", "Other"]];
const outcomeText = (outcome) => OUTCOMES.find(([value]) => value === outcome)?.[1] ?? visible(String(outcome));
const IDS_MAX = 1000; // of one request

// ---- of one ----

const form = (url) => changeForm({ id: "note", label: "Note a call", button: "Keep the note", fields: () => [choice("Outcome", "outcome", OUTCOMES), remark("Note")],
  send: async (values, key) => {
    const kept = await change(url, values, key);
    return `Kept: ${outcomeText(kept.outcome)}.`;
  },
  done: () => again(url) });

export const notesTable = ({ items, total }) => [table({ id: "notes", caption: "Notes, newest first", rows: items, key: (n) => `${n.at} ${n.outcome}`, empty: "Nobody has noted a call.", columns: [
  { title: "When", isHead: true, class: "when", cell: (n) => [timeElement(n.at), h("span", { class: "note" }, ", ", agoElement(n.at))] },
  { title: "Outcome", cell: (n) => outcomeText(n.outcome) }, { title: "Note", cell: (n) => written(n.text, visible) },
  { title: "By", class: "note", cell: (n) => (n.by == null ? "–" : h("span", { class: "id", title: n.by }, h("bdi", {}, visible(n.by)))) }] }),
total > items.length ? h("p", { class: "note" }, `The newest ${count(items.length)} of ${many(total, "note", "notes")}.`) : null];

export const notesPanel = (url) => panel({ id: "notes", title: "Calls", answers: "called", note: "who called, and what came of it", height: 210, every: SLOW_MS, urls: { notes: url },
  render: ({ notes }) => [form(url), notesTable(notes)] });

// ---- of a list ----

export const markCell = (mark) => (mark ? h("span", { class: "called" }, h("span", { class: "mark", "data-testid": "mark" }, outcomeText(mark.outcome)), " ", agoElement(mark.at)) : null);

// The newest note of each row that a list shows: asked for once for each page of it, and now and then again, since others call too.
export class Marks {
  constructor(e, changed) {
    Object.assign(this, { e, changed, found: new Map(), asked: new WeakSet(), isOver: false });
  }

  of = (id) => this.found.get(id);

  want(pages) {
    this.pages = pages;
    this.#ask(pages.filter((page) => !this.asked.has(page)));
  }

  // Others may have called meanwhile.
  refresh() {
    if (this.pages && !document.hidden) this.#ask(this.pages);
  }

  async #ask(pages) {
    pages.forEach((page) => this.asked.add(page));
    const ids = pages.flat().map((row) => row[this.e.key]);
    for (let at = 0; at < ids.length && !this.isOver; at += IDS_MAX) await this.#askSome(ids.slice(at, at + IDS_MAX));
  }

  // A server that keeps no notes has no marks.
  async #askSome(ids) {
    try {
      const found = await request(`/api/v1/${this.e.plural}/notes/lookup`, { method: "POST", headers: { "Content-Type": "application/json", "Smelt-Request": "page" }, body: JSON.stringify({ ids }) });
      const before = this.found.size;
      for (const { id, last } of found.body.items) this.found.set(id, last);
      if (found.body.items.length > 0 || before > 0) this.changed();
    } catch (error) {
      this.isOver = error instanceof Refusal && error.status !== 429 && error.status !== 503;
    }
  }
}
