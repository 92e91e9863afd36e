// Saving a table, or a picture, as a file.

// A spreadsheet takes a text that begins like this for a formula: ids come from strangers.
const isFormula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const field = (text) => {
  const safe = isFormula.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

// A cell as a program reads it: what the table gave as its value, a moment with its year and zone, a number without commas.
const valueOf = (cell) => {
  const text = cell.textContent.trim(), time = cell.querySelector("time[datetime]");
  if (cell.dataset.value != null) return cell.dataset.value;
  if (time?.dateTime && time.textContent.trim() === text) return time.dateTime;
  return /^\u2212?[\d,]+(\.\d+)?$/.test(text) ? text.replaceAll(",", "").replace("\u2212", "-") : text;
};
export const rowsOf = (table) => [...table.rows].map((row) => [...row.cells].map(valueOf));
export const csv = (rows) => rows.map((row) => row.map((v) => field(String(v ?? ""))).join(",")).join("\r\n");

// Spreadsheets take a CSV file for UTF-8 by the mark at its beginning, which other readers pass over.
const MARK = "\ufeff";
export const save = (name, text, type) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([type.startsWith("text/csv") ? MARK : "", text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
