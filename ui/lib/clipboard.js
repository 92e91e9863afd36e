// Copying, and saving a table as a file.

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

// A spreadsheet takes a text that begins like this for a formula: ids come from strangers.
const isFormula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const field = (text) => {
  const safe = isFormula.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export const csv = (rows) => rows.map((row) => row.map((v) => field(String(v ?? ""))).join(",")).join("\r\n");

export const save = (name, text, type) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
