// The palette (Ctrl or Cmd K): pages, rows whose id begins so, and actions. And the dialog with the keys. Loaded when first opened.
import { request, url } from "./lib/api.js";
import { copy } from "./lib/clipboard.js";
import { h, patch } from "./lib/dom.js";
import { allEntities } from "./lib/names.js";
import { href } from "./lib/router.js";
import { capital, visible } from "./lib/words.js";
import { areKeysOn, KEPT } from "./keys.js";

const FOUND_MAX = 5;
const WAIT_MS = 150;

const setKeys = (on) => {
  try {
    localStorage.setItem(KEPT, on ? "on" : "off");
  } catch { /* a private window: they stay on */ }
};

const keys = [
  ["Ctrl K", "Find a page, a row or an action"],
  ["/", "Search on this page"],
  ["j, k", "Next row, row before"],
  ["Enter", "Open the row"],
  ["g, then 1 to 9", "Go to a page, as they stand in the navigation"],
  ["?", "Show these keys"],
  ["Esc", "Close what is open"],
];

const dialog = (id, title, ...content) => {
  document.getElementById(id)?.remove();
  const e = h("dialog", { id, "data-testid": id, "aria-label": title }, content);
  e.addEventListener("close", () => e.remove());
  e.addEventListener("click", (event) => { if (event.target === e) e.close(); });
  document.body.append(e);
  e.showModal();
  return e;
};

const actions = () => [
  { kind: "Action", title: "Change the theme", run: () => document.getElementById("theme").click() },
  { kind: "Action", title: "Copy the address of this page", run: () => copy(location.href) },
  { kind: "Action", title: "Show the keys", run: openKeys },
];

const fits = (item, text) => text.toLowerCase().split(/\s+/).every((word) => item.title.toLowerCase().includes(word));

// Of each entity the rows whose id begins with the text.
const findRows = async (text) => {
  const found = await Promise.allSettled(allEntities().map(async (e) => {
    const { body } = await request(url(`/api/v1/${e.plural}`, { search: text, limit: FOUND_MAX }));
    return body.items.map((row) => ({ kind: capital(e.title), title: visible(row[e.key]), run: () => { location.hash = href(["entities", e.plural, row[e.key]]); } }));
  }));
  return found.flatMap((f) => (f.status === "fulfilled" ? f.value : []));
};

class Palette {
  constructor(places) {
    this.all = [...places.map(([title, target]) => ({ kind: "Page", title, run: () => { location.hash = target; } })), ...actions()];
    this.at = 0;
    this.input = h("input", { type: "search", "data-testid": "palette-input", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-label": "Find a page, a row or an action",
      placeholder: "Page, id or action", autocomplete: "off", spellcheck: "false", maxlength: 256, input: () => this.search(), keydown: (event) => this.key(event) });
    this.list = h("ul", { id: "palette-list", role: "listbox", "aria-label": "Found" });
    this.said = h("p", { class: "note", role: "status" });
    this.box = dialog("palette", "Find", this.input, this.list, this.said);
    this.show(this.all);
  }

  show(items) {
    this.items = items;
    this.at = Math.min(this.at, Math.max(0, items.length - 1));
    this.said.textContent = items.length === 0 ? "Nothing found." : "";
    this.list.hidden = items.length === 0;
    patch(this.list, items.map((item, i) => h("li", { id: `found-${i}`, role: "option", "aria-selected": i === this.at, click: () => this.run(item) },
      h("bdi", {}, item.title), h("span", { class: "note" }, item.kind))));
    if (items.length > 0) this.input.setAttribute("aria-activedescendant", `found-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  search() {
    const text = this.input.value.trim();
    const own = this.all.filter((item) => fits(item, text));
    this.at = 0;
    clearTimeout(this.waiting);
    this.show(own);
    if (text === "") return;
    this.waiting = setTimeout(async () => {
      const rows = await findRows(text);
      if (this.input.value.trim() === text) this.show([...own, ...rows]);
    }, WAIT_MS);
  }

  run(item) {
    this.box.close();
    item.run();
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && this.items.length > 0) {
      event.preventDefault();
      this.at = (this.at + by + this.items.length) % this.items.length;
      this.show(this.items);
    } else if (event.key === "Enter" && this.items[this.at]) {
      event.preventDefault();
      this.run(this.items[this.at]);
    }
  }
}

export const openPalette = (places) => new Palette(places);

export const openKeys = () => dialog("keys-dialog", "Keys",
  h("div", { class: "head" }, h("h2", {}, "Keys"), h("form", { method: "dialog" }, h("button", { class: "quiet" }, "Close"))),
  h("dl", { class: "keys" }, keys.map(([key, what]) => h("div", {}, h("dt", {}, key.split(/(, )/).map((k) => (k === ", " ? k : h("kbd", {}, k)))), h("dd", {}, what)))),
  h("p", {}, h("label", { class: "check" }, h("input", { type: "checkbox", checked: areKeysOn(), change: (event) => setKeys(event.target.checked) }), " Keys without Ctrl are on")));
