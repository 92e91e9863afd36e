// The first run: what there is already, and the next command. It stands where the data will be.
import { words } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { agoElement, capital } from "../lib/words.js";
import { badge, command, prose } from "./bits.js";
import { panel } from "./panel.js";

const partOf = (status, name) => status.components.find((c) => c.name === name);
const rowsOf = (status, name) => partOf(status, name)?.rows ?? 0;

// In their order: the first one that is not done is the next.
const steps = [
  { title: "Kafka answers", part: "kafka", isDone: (s) => partOf(s, "kafka")?.state === "ok", commands: ["smelt produce", "smelt config"], why: "Without a broker, events can come from a file: `smelt ingest --from FILE`.", isOptional: true },
  { title: "Events are in Bronze", part: "bronze", isDone: (s) => rowsOf(s, "bronze") > 0, commands: ["smelt ingest"] },
  { title: "Events are checked, features are computed", part: "silver", isDone: (s) => rowsOf(s, "silver") > 0 || rowsOf(s, "gold") > 0, commands: ["smelt refine"] },
  { title: "A model is trained", part: "model", isDone: (s) => partOf(s, "model")?.state === "ok", commands: ["smelt train"], isOptional: true },
  { title: "A snapshot is published", part: "snapshot", isDone: (s) => partOf(s, "snapshot")?.state === "ok" || partOf(s, "snapshot")?.generation > 0, commands: ["smelt publish"] },
];

const stepItem = (step, status, isNext) => {
  const done = step.isDone(status);
  const part = partOf(status, step.part);
  return h("li", { "data-key": step.part, "data-state": done ? "done" : isNext ? "next" : "later", "data-testid": `step-${step.part}` },
    h("div", { class: "part-head" }, h("h3", {}, step.title), done ? badge("ok", "Done") : badge("idle", isNext ? "Next" : step.isOptional ? "Optional" : "Later")),
    part && (done || step.part === "kafka") ? h("p", {}, prose(part.detail)) : null,
    step.why && !done ? h("p", { class: "note" }, prose(step.why)) : null,
    done ? null : h("p", {}, step.commands.map(command)));
};

export const setUp = () => panel({
  id: "set-up", title: "Set up", note: "This page changes by itself when there is something to serve.", height: 420, urls: { status: "/api/v1/status", served: "/api/v1/pipeline" }, optional: ["served"],
  render: ({ status }, { served }) => {
    if (served.state === "forbidden") return [h("p", {}, words(served.error)), h("p", { class: "note" }, h("a", { href: "/ui/sign-in.html" }, "Your session"))];
    const next = steps.find((step) => !step.isOptional && !step.isDone(status));
    return [served.error ? h("p", { class: "caveat", "data-testid": "why-nothing" }, prose(capital(words(served.error)))) : null, h("ol", { class: "steps-list" }, steps.map((step) => stepItem(step, status, step === next))),
      h("p", { class: "note" }, "All of them at once: ", command("smelt run"), status.checked_at ? agoElement(status.checked_at, " Checked ") : null)];
  },
});
