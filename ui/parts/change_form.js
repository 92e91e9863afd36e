// A form that asks for a change: it says what came of it, and keeps what was typed while the panel around it gets newer data.
// changeForm({id, label, fields: () => nodes, button, send: (values, key) => words, done})
import { newKey, words } from "../lib/api.js";
import { h } from "../lib/dom.js";

class ChangeForm extends HTMLElement {
  // Another model for the same form: what was typed stays.
  set model(model) {
    this.given = model;
  }

  get model() {
    return this.given;
  }

  connectedCallback() {
    document.addEventListener("smelt-signed-out", this.#signedOut);
    if (this.form) return;
    const { id, label, fields, button } = this.given;
    this.said = h("p", { role: "status", class: "note", "data-testid": `${id}-said` });
    this.failed = h("p", { role: "alert", class: "refused", "data-testid": `${id}-failed` });
    this.form = h("form", { class: "change", "aria-label": label, "data-testid": id, submit: (event) => this.#submit(event), input: () => this.#begin() },
      fields(), h("div", { class: "foot" }, h("button", { class: "quiet strong" }, button), this.said, this.failed));
    this.#begin();
    this.replaceChildren(this.form);
  }

  disconnectedCallback() {
    document.removeEventListener("smelt-signed-out", this.#signedOut);
  }

  // The session ended while somebody was typing.
  #signedOut = () => {
    if (this.failed.querySelector("a")) return;
    this.failed.replaceChildren("Your session has ended. ", h("a", { href: "/ui/sign-in.html", target: "_blank", rel: "noopener" }, "Sign in in another tab"), ", then send this again.");
  };

  // Something else is wished for.
  #begin() {
    this.key = newKey();
    this.said.textContent = this.failed.textContent = "";
  }

  async #submit(event) {
    event.preventDefault();
    if (this.isSending) return;
    this.isSending = true;
    this.failed.textContent = "";
    this.said.textContent = "Sending";
    try {
      const said = await this.given.send(Object.fromEntries(new FormData(this.form)), this.key);
      this.form.reset();
      this.#begin();
      this.said.textContent = said;
      this.given.done?.();
    } catch (error) {
      this.said.textContent = "";
      this.failed.textContent = words(error);
    }
    this.isSending = false;
  }
}
customElements.define("smelt-change", ChangeForm);

export const changeForm = (model) => {
  const e = document.createElement("smelt-change");
  e.model = model;
  e.dataset.key = `change-${model.id}`;
  return e;
};

export const choice = (label, name, choices, chosen) => h("label", {}, label, h("select", { name, required: true, "data-testid": name }, choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text))));
export const remark = (label, most = 1000) => h("label", { class: "remark" }, label, h("textarea", { name: "text", rows: 2, maxlength: most, "data-testid": "text" }));

// A text that a person wrote: its lines, and nothing in it is anything but text.
export const written = (text, visible) => (text ? h("span", { class: "written" }, h("bdi", {}, text.split(/(?<=[\n\t])|(?=[\n\t])/).map((part) => (part === "\n" || part === "\t" ? part : visible(part))).join(""))) : null);
