// A table of any length: the rows of each page of the list are one tbody, and those far from the window are replaced by their height.
import { h, patch } from "../lib/dom.js";
import { tableRow } from "./table.js";

const NEAR = "900px";

class LongTable extends HTMLElement {
  connectedCallback() {
    this.body = new IntersectionObserver((entries) => entries.forEach((e) => this.#turn(e.target, e.isIntersecting)), { rootMargin: NEAR });
    this.end = new IntersectionObserver((entries) => { if (entries.some((e) => e.isIntersecting)) this.model.wantMore(); }, { rootMargin: NEAR });
    this.table = h("table", { id: this.model.id, "data-testid": this.model.id, role: "table", class: "cards" }, h("caption", { class: "unseen" }), h("thead", { role: "rowgroup" }));
    this.foot = h("div", { class: "long-end" });
    this.replaceChildren(h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": `${this.model.title}, table` }, this.table), this.foot);
    this.end.observe(this.foot);
    this.bodies = [];
  }

  disconnectedCallback() {
    this.body.disconnect();
    this.end.disconnect();
  }

  // {columns, head, caption, pages, key, none}
  show(model) {
    Object.assign(this.model, model);
    this.table.caption.textContent = model.caption;
    patch(this.table.tHead, model.head);
    this.table.hidden = model.pages.length === 0; // the list was refused
    while (this.bodies.length > model.pages.length) this.#drop();
    model.pages.forEach((rows, i) => this.#fill(i, rows));
    this.table.setAttribute("aria-rowcount", (model.total ?? -1) + 1);
    if (model.pages.length === 1 && model.pages[0].length === 0) patch(this.bodies[0], h("tr", { role: "row" }, h("td", { role: "cell", class: "empty", colspan: model.columns.length }, model.none)));
    // The end may be near still, or again before the next frame: the observer says only what changes, and begins anew here.
    this.end.unobserve(this.foot);
    this.end.observe(this.foot);
  }

  #drop() {
    const body = this.bodies.pop();
    this.body.unobserve(body);
    body.remove();
  }

  #fill(i, rows) {
    if (!this.bodies[i]) {
      this.bodies[i] = h("tbody", { role: "rowgroup" });
      this.table.append(this.bodies[i]);
      this.body.observe(this.bodies[i]);
    }
    const body = this.bodies[i];
    body.rowsOfPage = rows;
    body.firstRow = this.model.pages.slice(0, i).reduce((sum, page) => sum + page.length, 0);
    if (!body.isAway) this.#draw(body);
  }

  #draw(body) {
    patch(body, body.rowsOfPage.map((row, i) => tableRow(this.model.columns, row, i, { "data-key": this.model.key(row), "aria-rowindex": body.firstRow + i + 2 })));
  }

  #turn(body, isNear) {
    if (isNear && body.isAway) {
      body.isAway = false;
      body.replaceChildren();
      this.#draw(body);
    } else if (!isNear && !body.isAway && body.offsetHeight > 0 && !body.contains(document.activeElement)) {
      const gap = h("tr", { "aria-hidden": "true" }, h("td", { colspan: this.model.columns.length, class: "gap" }));
      gap.firstChild.style.height = `${body.offsetHeight}px`;
      body.isAway = true;
      body.replaceChildren(gap);
    }
  }
}
customElements.define("smelt-long-table", LongTable);

export const longTable = (model) => {
  const e = document.createElement("smelt-long-table");
  e.model = model;
  return e;
};
