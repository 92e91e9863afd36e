// The keyboard: Ctrl or Cmd K finds, / searches, j and k walk through the rows, ? shows the keys. Keys without Ctrl can be turned off
// (WCAG 2.1.4), since speech input can press them by mistake.

export const KEPT = "smelt-keys"; // what it says is set in the dialog with the keys (palette.js)
export const areKeysOn = () => {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
};

const isTyping = (e) => e.closest("input, select, textarea, [contenteditable]") != null;

const rowLinks = () => [...document.querySelectorAll("#page [data-row]")].filter((e) => e.offsetParent != null);

const step = (by) => {
  const all = rowLinks();
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
};

const search = async (places) => {
  const field = document.querySelector("#page input[type=search]");
  if (field) field.focus();
  else (await import("./palette.js")).openPalette(places());
};

let after = ""; // "g", when it was pressed
const press = async (event, places) => {
  const key = event.key;
  if (after === "g" && /^[1-9]$/.test(key)) {
    const place = places()[Number(key) - 1];
    if (place) location.hash = place[1];
  }
  after = key === "g" ? "g" : "";
  if (key === "j") step(1);
  else if (key === "k") step(-1);
  else if (key === "/") {
    event.preventDefault();
    search(places);
  } else if (key === "?") (await import("./palette.js")).openKeys();
};

export const listenToKeys = (places) => document.addEventListener("keydown", async (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    (await import("./palette.js")).openPalette(places());
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !areKeysOn() || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  press(event, places);
});
