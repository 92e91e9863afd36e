// Menus (details.menu): one that is open covers what is below it, so Esc closes it and gives the focus back, and so does a press anywhere else;
// and one at the edge of the window opens to the other side.
const EDGE = 12;

export const closeMenus = (target) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (target && menu.contains(target)) continue;
    if (!target && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
};

const keepInWindow = (list) => {
  list.style.translate = "";
  const { left, right } = list.getBoundingClientRect();
  if (left >= EDGE && right <= document.documentElement.clientWidth - EDGE) return;
  const over = Math.max(0, right - document.documentElement.clientWidth + EDGE);
  list.style.translate = `${Math.max(-over, EDGE - left)}px`;
};

document.addEventListener("pointerdown", (event) => closeMenus(event.target));
document.addEventListener("toggle", ({ target }) => { if (target.matches("details.menu[open]")) keepInWindow(target.querySelector(".menu-list")); }, true);
