// Asks before something is done that all others see. Resolves to true or false; the focus goes back to where it was.
import { h } from "../lib/dom.js";

export const confirm = ({ title, text, yes }) => new Promise((resolve) => {
  const close = (answer) => () => {
    box.returnValue = answer;
    box.close();
  };
  const box = h("dialog", { id: "confirm", "data-testid": "confirm", "aria-labelledby": "confirm-title", close: () => {
    box.remove();
    resolve(box.returnValue === "yes");
  } }, h("h2", { id: "confirm-title" }, title), h("p", {}, text),
  h("div", { class: "foot" }, h("button", { type: "button", class: "quiet", "data-testid": "confirm-no", click: close("no") }, "Cancel"), h("button", { type: "button", class: "quiet strong", "data-testid": "confirm-yes", click: close("yes") }, yes)));
  document.body.append(box);
  box.showModal();
});
