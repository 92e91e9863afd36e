// A panel: a title, what it shows, and its own state. It asks for its data while it is on the page; when that fails, it says so and leaves
// the others alone. panel({id, title, note, urls: {name: url}, optional: [name], every, render, height, isPlain, isBare, sql, answers})
// sql: a query of the snapshot (`smelt sql`) with the same rows. answers: the question of the page that it answers, once it has its data.
import { words } from "../lib/api.js";
import { say } from "../lib/clipboard.js";
import { flat, h, isSelected, patch } from "../lib/dom.js";
import { again, watch, QUICK_MS } from "../lib/live.js";
import { href } from "../lib/router.js";
import { agoElement, capital } from "../lib/words.js";
import { prose, withoutStates } from "./bits.js";

const skeleton = (height) => {
  const box = h("div", { class: "skeleton", "data-key": "skeleton" }, h("span", { class: "unseen" }, "Loading"));
  box.style.minHeight = `${height}px`;
  return box;
};

const curl = (url) => `curl -H "Authorization: Bearer $SMELT_TOKEN" '${new URL(url, location.href).href.replaceAll("'", "%27")}'`;

const item = (words, click) => h("button", { type: "button", class: "link", click }, words);
const savePictures = async (panel) => (await import("./picture.js")).savePictures(panel);

// The same data for programs: as JSON, as a request, as a query, each table as a file; and each chart as a picture.
const dataMenu = (panel, hasChart) => h("details", { class: "menu", "data-key": "menu" },
  h("summary", { "aria-label": `Data of ${panel.model.title}` }, "Data"),
  h("div", { class: "menu-list" },
    Object.values(panel.model.urls).filter(Boolean).map((url) => [
      h("a", { href: url, target: "_blank", rel: "noopener" }, "Open JSON"),
      item("Copy as curl", (event) => say(curl(url), event.currentTarget))]),
    panel.model.sql ? item("Copy as SQL", (event) => say(panel.model.sql, event.currentTarget)) : null,
    item("Save tables as CSV", () => panel.saveTables()),
    hasChart ? item("Save charts as pictures", () => savePictures(panel)) : null));

const isChart = (node) => node.localName === "smelt-chart" || node.querySelector?.("smelt-chart") != null;
const idsOf = (model) => JSON.stringify([model.id, model.urls]);

class Panel extends HTMLElement {
  #model = null;
  #stops = [];

  get model() {
    return this.#model;
  }

  // Another model for the same place: its data are asked for anew when they are other data.
  set model(model) {
    const isOther = this.#model != null && idsOf(model) !== idsOf(this.#model);
    this.#model = model;
    if (this.isConnected && isOther) this.#watch();
    else if (this.isConnected) this.#draw();
  }

  connectedCallback() {
    const { id, title, isPlain } = this.model;
    this.id = `panel-${id}`;
    this.dataset.testid = `panel-${id}`;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", title);
    this.classList.toggle("card", !isPlain);
    document.addEventListener("smelt-answers", this.#again);
    this.#watch();
  }

  // The server answers again: what was not known is.
  #again = () => this.#draw();

  #watch() {
    this.#stops.forEach((stop) => stop());
    this.sources = this.model.sources ?? {}; // given: on the page that shows the parts
    if (this.model.sources == null) this.#stops = Object.entries(this.model.urls).filter(([, url]) => url).map(([name, url]) => watch(url, (source) => this.#take(name, source), this.model.every ?? QUICK_MS));
    this.#draw();
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
    this.#stops = [];
    document.removeEventListener("smelt-answers", this.#again);
    document.removeEventListener("selectionchange", this.#later);
  }

  async saveTables() {
    const { csv, rowsOf, save } = await import("../lib/files.js");
    const tables = [...this.querySelectorAll("table")];
    save(`${this.model.id}.csv`, tables.map((table) => csv(rowsOf(table))).join("\r\n\r\n"), "text/csv");
  }

  #take(name, source) {
    this.sources[name] = source;
    if (Object.keys(this.sources).length === Object.values(this.model.urls).filter(Boolean).length) this.#draw();
  }

  // What is selected is not replaced: the new data come when the selection is gone.
  #later = () => {
    if (isSelected(this)) return;
    document.removeEventListener("selectionchange", this.#later);
    this.#draw();
  };

  #draw() {
    if (!this.isConnected) return;
    if (isSelected(this)) {
      document.addEventListener("selectionchange", this.#later);
      return;
    }
    const content = flat(this.#content());
    patch(this, this.#head(content.some(isChart)), content);
    withoutStates(this);
  }

  #head(hasChart) {
    const { title, note, isBare } = this.model;
    if (isBare) return null;
    return h("div", { class: "head", "data-key": "head" }, h("h2", {}, title),
      note ? h("p", { class: "note" }, note) : null, dataMenu(this, hasChart));
  }

  #content() {
    const optional = this.model.optional ?? [];
    const needed = Object.entries(this.sources).filter(([name]) => !optional.includes(name)).map(([, source]) => source);
    const waiting = Object.values(this.sources).find((s) => s.state === "loading");
    const without = needed.find((s) => s.data == null) ?? waiting;
    const failed = needed.find((s) => s.error);
    this.dataset.state = without ? without.state : failed ? "stale" : "ready";
    if (this.model.answers && !without) this.dataset.answer = this.model.answers;
    else delete this.dataset.answer;
    this.setAttribute("aria-busy", this.dataset.state === "loading");
    if (without) return this.#withoutData(needed.find((s) => s.data == null && s.state !== "loading") ?? without);
    const data = Object.fromEntries(Object.entries(this.sources).map(([name, source]) => [name, source.data]));
    return [failed ? this.#stale(failed) : null, flat(this.model.render(data, this.sources))];
  }

  #retry(source) {
    return h("button", { type: "button", class: "quiet small", click: () => again(source.url) }, "Try again");
  }

  #stale(source) {
    const about = Object.values(this.sources).find((s) => s.at) ?? source;
    return h("p", { class: "stale-note", "data-key": "stale" }, "Not updated: ", prose(capital(words(source.error))), " ", about.at ? agoElement(about.at, "Shown: ") : null, " ", this.#retry(source));
  }

  #withoutData(source) {
    const path = source.url.split("?")[0];
    const say = (kind, ...text) => h("div", { class: "without", "data-kind": kind, "data-key": kind }, text);
    if (source.state === "loading") return skeleton(this.model.height ?? 160);
    if (source.state === "absent") return say("absent", this.model.absent ?? [h("p", {}, "Not available from this server."), h("p", { class: "note" }, h("code", {}, path), ": ", words(source.error))]);
    if (source.state === "forbidden") return say("forbidden", h("p", {}, prose(capital(words(source.error)))), h("p", { class: "note" }, h("a", { href: "/ui/sign-in.html" }, "Your session")));
    if (source.error?.status === 503) return say("unserved", h("p", {}, prose(capital(words(source.error)))), h("p", { class: "note" }, h("a", { href: href("status") }, "State of each part"), " ", this.#retry(source)));
    return say("failed", h("p", {}, prose(capital(words(source.error)))), h("p", { class: "note" }, h("code", {}, path), " ", this.#retry(source)));
  }
}
customElements.define("smelt-panel", Panel);

export const panel = (model) => {
  const e = document.createElement("smelt-panel");
  e.model = model;
  if (model.id) e.dataset.key = model.id;
  return e;
};
