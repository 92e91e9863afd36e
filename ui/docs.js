// The API, to read and to try: everything here comes from /openapi.json. Requests go to this server, with the session of this browser.
const ANSWER_WITHIN_MS = 30000;
const LONGEST_SHOWN = 20000; // characters of an answer
const $ = (id) => document.getElementById(id);

const h = (tag, attributes = {}, ...children) => {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null && value !== false) e.setAttribute(name, value === true ? "" : value);
  e.append(...children.filter((child) => child != null));
  return e;
};

const alarm = (...what) => {
  $("alarm").replaceChildren(...what);
  $("alarm").hidden = what.length === 0;
};

// ---- what a schema says ----

const resolve = (api, schema) => (schema?.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema);

// An outline of a schema as text: names, types, and what they mean.
const outline = (api, schema, depth = 0) => {
  const s = resolve(api, schema) ?? {};
  const indent = "  ".repeat(depth + 1);
  if (depth > 4) return "…";
  if (s.oneOf) return s.oneOf.map((one) => outline(api, one, depth)).join(" or ");
  if (s.items) return `[${outline(api, s.items, depth)}, …]`;
  if (!s.properties) return [s.type ?? "anything"].flat().join(" or ") + (s.enum ? `: ${s.enum.join(", ")}` : "");
  const lines = Object.entries(s.properties).map(([name, property]) => {
    const said = [property.title, property.description].filter(Boolean).join(": ");
    return `${indent}${name}: ${outline(api, property, depth + 1)}${said ? `  — ${said}` : ""}`;
  });
  return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
};

// ---- one address ----

const field = (parameter) => {
  const { name, schema, required, description } = parameter;
  const choices = schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : null);
  const input = choices
    ? h("select", { name }, h("option", { value: "" }, ""), ...choices.map((choice) => h("option", {}, choice)))
    : h("input", { name, required, placeholder: schema.default, inputmode: schema.type === "integer" ? "numeric" : null, spellcheck: "false" });
  return h("label", {}, h("span", {}, h("code", {}, name), ` ${description ?? ""}`), input);
};

// The address with what the form has; an empty field is not sent.
const target = (path, parameters, values) => {
  const query = new URLSearchParams();
  let address = path;
  for (const { name, in: where } of parameters) {
    const value = values.get(name) ?? "";
    if (where === "path") address = address.replace(`{${name}}`, encodeURIComponent(value));
    else if (where === "query" && value !== "") query.set(name, value);
  }
  return query.size > 0 ? `${address}?${query}` : address;
};

const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

const curl = (method, address, accept, content) =>
  ["curl", method === "GET" ? "" : `-X ${method} -H 'Smelt-Request: yes'`, accept ? `-H 'Accept: ${accept}'` : "", "-H \"Authorization: Bearer $TOKEN\"",
    content ? `-H 'Content-Type: application/json' -d ${shell(content)}` : "", shell(location.origin + address)].filter(Boolean).join(" "); // prettier-ignore

const pretty = (text, type) => {
  const shown = /json/.test(type) ? JSON.stringify(JSON.parse(text), null, 2) : text;
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}\n… ${shown.length - LONGEST_SHOWN} more characters` : shown;
};

const send = async (method, address, accept, content) => {
  const headers = { ...(accept ? { Accept: accept } : {}), ...(method === "GET" ? {} : { "Smelt-Request": "page" }), ...(content ? { "Content-Type": "application/json" } : {}) };
  const began = performance.now();
  const answer = await fetch(address, { method, headers, body: content || undefined, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const type = answer.headers.get("Content-Type") ?? "";
  const text = await answer.text();
  return `${answer.status} ${answer.statusText}, ${Math.round(performance.now() - began)} ms, ${type}\n\n${text ? pretty(text, type) : ""}`;
};

const trial = (path, method, operation, types) => {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in !== "header");
  const command = h("pre", { "data-testid": "curl" });
  const output = h("pre", { role: "status", "data-testid": "answer", hidden: true });
  const content = operation.requestBody ? h("textarea", { name: "(content)", spellcheck: "false", "aria-label": "Content, as JSON" }) : null;
  const accept = types.length > 1 ? h("select", { name: "(accept)", "aria-label": "Media type" }, ...types.map((type) => h("option", {}, type))) : null;
  const form = h("form", { "data-testid": "trial" }, ...parameters.map(field), content && h("label", {}, "Content", content), accept && h("label", {}, "As", accept), h("p", {}, h("button", {}, "Send")), command);
  const asked = () => [method.toUpperCase(), target(path, parameters, new FormData(form)), accept?.value, content?.value];
  const say = () => (command.textContent = curl(...asked()));
  form.addEventListener("input", say);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.hidden = false;
    output.textContent = "…";
    output.textContent = await send(...asked()).catch((error) => `The server does not answer: ${error.message}`);
  });
  say();
  return h("div", {}, form, output);
};

const describe = (api, path, method, operation) => {
  const answer = operation.responses["200"] ?? operation.responses["202"];
  const types = Object.keys(answer?.content ?? {});
  const schema = answer?.content?.["application/json"]?.schema;
  const scope = operation.security?.[0]?.token;
  const needs = operation.security?.length ? (scope.length > 0 ? `scope ${scope.join(", ")}` : "any token") : "no token";
  const body = h("div");
  const details = h("details", { class: "operation", id: operation.operationId, "data-testid": "operation" },
    h("summary", {}, h("span", { class: "method" }, method.toUpperCase()), h("code", {}, path), h("span", { class: "needs" }, needs)),
    h("p", {}, operation.summary ?? ""), body); // prettier-ignore
  const fill = () => {
    const content = operation.requestBody?.content?.["application/json"]?.schema;
    const endless = types.includes("text/event-stream"); // it would never end here
    body.replaceChildren(endless ? h("p", { class: "note" }, "A stream, for EventSource or curl -N.") : trial(path, method, operation, types),
      ...(content ? [h("h3", {}, "Content"), h("pre", {}, outline(api, content))] : []),
      ...(schema ? [h("h3", {}, "Answer"), h("pre", {}, outline(api, schema))] : [])); // prettier-ignore
  };
  details.addEventListener("toggle", () => details.open && body.childElementCount === 0 && fill());
  return details;
};

// ---- the page ----

const show = async () => {
  const answer = await fetch("/openapi.json", { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (answer.status === 401) return alarm("This server asks for a token: ", h("a", { href: "/ui/sign-in.html" }, "sign in"), " first.");
  if (!answer.ok) return alarm(`The server answers ${answer.status}.`);
  const api = await answer.json();
  $("about").textContent = api.info.description;
  $("operations").replaceChildren(...Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => describe(api, path, method, operation))));
  const named = location.hash && document.getElementById(location.hash.slice(1));
  if (named) named.open = true;
};

show().catch(() => alarm("The server does not answer."));
