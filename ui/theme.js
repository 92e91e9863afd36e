// Sets the theme before the first paint. "system" follows prefers-color-scheme; localStorage keeps the choice.
(() => {
  const order = ["system", "light", "dark"];
  const read = () => {
    try {
      const kept = localStorage.getItem("smelt-theme");
      return order.includes(kept) ? kept : "system";
    } catch {
      return "system";
    }
  };
  const apply = (theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  let theme = read();
  apply(theme);
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const say = () => { button.textContent = `Theme: ${theme}`; };
    say();
    button.addEventListener("click", () => {
      theme = order[(order.indexOf(theme) + 1) % order.length];
      try {
        localStorage.setItem("smelt-theme", theme);
      } catch { /* a private window: the choice is lost when the page is closed */ }
      apply(theme);
      say();
      document.dispatchEvent(new Event("smelt-theme"));
    });
  });
})();
