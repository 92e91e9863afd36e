// Addresses: #/page/part/part?name=value. They stand behind the #, so that ids of persons get into no log of a server or proxy.

const START = location.pathname === "/ui/style" ? "style" : "overview";

export const parse = (hash = location.hash) => {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter((part) => part !== "").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { page: parts[0] ?? START, parts: parts.slice(1), query: Object.fromEntries(new URLSearchParams(query ?? "")) };
};

export const href = (parts, query = {}) => {
  const given = Object.entries(query).filter(([, v]) => v != null && v !== "");
  const path = `#/${[parts].flat().map((part) => encodeURIComponent(part)).join("/")}`;
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
};

// The same page with other values of its query, as a step that the back button takes, or (replace) without one.
export const setQuery = (changes, { replace = false } = {}) => {
  const at = parse();
  const next = href([at.page, ...at.parts], { ...at.query, ...changes });
  if (next === location.hash) return;
  history[replace ? "replaceState" : "pushState"](null, "", next);
  dispatchEvent(new HashChangeEvent("hashchange"));
};

export const go = (hash) => { location.hash = hash; };

export const watchRoute = (show) => {
  addEventListener("hashchange", () => {
    if (location.hash === "" || location.hash.startsWith("#/")) show(parse());
  });
  show(parse());
};
