// Sets the theme before the first paint. "system" follows prefers-color-scheme; localStorage keeps the choice.
(() => {
  const order = ["system", "light", "dark"];
  const show = (name) => {
    document.documentElement.dataset.theme = name;
    document.dispatchEvent(new Event("smelt-theme"));
  };
  let theme = order[0];
  try {
    theme = localStorage.getItem("smelt-theme") ?? theme;
  } catch { /* a private window: the choice is lost when the page is closed */ }
  show(theme);
  addEventListener("beforeprint", () => show("light")); // as paper is
  addEventListener("afterprint", () => show(theme));
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    button.textContent = `Theme: ${theme}`;
    button.addEventListener("click", () => {
      theme = order[(order.indexOf(theme) + 1) % 3];
      button.textContent = `Theme: ${theme}`;
      try {
        localStorage.setItem("smelt-theme", theme);
      } catch { /* as above */ }
      show(theme);
    });
  });
})();
