// Copying.

export const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // no permission, or a page that is not served over TLS
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  }
};

// Copies, and says so on the button for a moment.
export const say = async (text, button) => {
  const before = button.textContent;
  const done = await copy(text);
  button.focus();
  button.textContent = done ? "Copied" : "Not copied";
  setTimeout(() => { button.textContent = before; }, 1500);
};
