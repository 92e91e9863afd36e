// Elements without innerHTML, because ids and reasons come from events, and patch(), which changes only what differs: focus, selection and
// open menus stay where they are when new data come.

const dispatch = (event) => event.currentTarget.handlers?.[event.type]?.(event);

// Texts of events may have characters that turn the direction of what follows them: as their numbers they turn nothing of the page.
const upright = (text) => String(text).replace(/[\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
const READ = ["title", "aria-label", "placeholder"]; // attributes that are shown or read out

export const h = (tag, attributes = {}, ...children) => {
  const e = document.createElement(tag);
  for (const [name, v] of Object.entries(attributes)) {
    if (typeof v === "function") {
      e.handlers = { ...e.handlers, [name]: v };
      e.addEventListener(name, dispatch);
    } else if (v === true) e.setAttribute(name, "");
    else if (v != null && v !== false) e.setAttribute(name, READ.includes(name) ? upright(v) : v);
  }
  e.append(...flat(children).map((c) => (c instanceof Node ? c : upright(c))));
  return e;
};

// Without null, undefined and false, which stand for "nothing here".
export const flat = (nodes) => [nodes].flat(Infinity).filter((c) => c != null && c !== false && c !== "");

const isOwn = (e) => e.nodeType === 1 && e.localName.includes("-"); // a custom element fills itself
const keyOf = (node) => (node.nodeType === 1 ? (node.dataset.key ?? null) : null);
const fits = (old, now) => old.nodeName === now.nodeName && keyOf(old) === keyOf(now);

// What a person changes on the page: an open menu stays open, a text that was typed stays.
const isPersons = (e, name) => (name === "open" && (e.localName === "details" || e.localName === "dialog")) || (name === "value" && e === document.activeElement);

const patchAttributes = (old, now) => {
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name) && !isPersons(old, name) && name !== "style") old.removeAttribute(name);
  for (const { name, value } of now.attributes) {
    if (old.getAttribute(name) === value || isPersons(old, name)) continue;
    if (name === "style") old.style.cssText = value; // as an attribute the Content-Security-Policy forbids it
    else old.setAttribute(name, value);
  }
  for (const type of Object.keys(now.handlers ?? {})) if (!old.handlers?.[type]) old.addEventListener(type, dispatch);
  old.handlers = now.handlers;
};

const patchNode = (old, now) => {
  if (old.nodeType !== 1) {
    if (old.data !== now.data) old.data = now.data;
    return;
  }
  if (isOwn(old)) {
    if ("model" in now) old.model = now.model;
    return;
  }
  patchAttributes(old, now);
  patch(old, [...now.childNodes]);
};

// Makes the children of `target` what `nodes` are. Nodes with data-key are found by it, all others by their place.
export const patch = (target, ...nodes) => {
  const wanted = flat(nodes).map((n) => (n instanceof Node ? n : document.createTextNode(upright(n))));
  const keyed = new Map([...target.childNodes].filter((n) => keyOf(n) != null).map((n) => [keyOf(n), n]));
  const wantedKeys = new Set(wanted.map(keyOf));
  let at = target.firstChild;
  for (const now of wanted) {
    while (at && keyOf(at) != null && !wantedKeys.has(keyOf(at))) at = drop(at);
    const found = keyOf(now) != null ? keyed.get(keyOf(now)) : at;
    if (found && fits(found, now)) {
      if (found === at) at = at.nextSibling;
      else target.insertBefore(found, at);
      patchNode(found, now);
    } else {
      target.insertBefore(now, at);
      if (at && keyOf(at) == null && keyOf(now) == null) at = drop(at);
    }
  }
  while (at) at = drop(at);
};

const drop = (node) => {
  const next = node.nextSibling;
  node.remove();
  return next;
};

// True while a person has selected text inside `e`: what is selected is not replaced.
export const isSelected = (e) => {
  const selection = document.getSelection();
  return selection != null && !selection.isCollapsed && (e.contains(selection.anchorNode) || e.contains(selection.focusNode));
};
