// Menus (details.menu): one that is open covers what is below it, so Esc closes it and gives the focus back, and so does a press anywhere else;
// and one at the edge of the window is moved into it. Loaded when the first one is opened.
const EDGE = 12;

const closeMenus = (target) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (target && menu.contains(target)) continue;
    if (!target && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
};

const keepInWindow = (menu) => {
  if (!menu.matches("details.menu[open]")) return;
  const list = menu.querySelector(".menu-list");
  list.style.translate = "";
  const { left, right } = list.getBoundingClientRect();
  const over = Math.max(0, right - document.documentElement.clientWidth + EDGE);
  list.style.translate = `${Math.max(-over, EDGE - left)}px`;
};

document.addEventListener("pointerdown", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenus(); });
document.addEventListener("toggle", (event) => keepInWindow(event.target), true);
document.querySelectorAll("details.menu").forEach(keepInWindow);
