// Tables. table({id, caption, columns: [{title, isNum, cell, value, isHead, unit}], rows, key, empty, attributes})
import { h } from "../lib/dom.js";
import { digitsAfterPoint } from "../lib/words.js";

// The roles are written out, since on narrow screens rows become cards, which would end them.
const head = (columns) => h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((c) =>
  h("th", { scope: "col", role: "columnheader", class: c.isNum ? "num" : null, "aria-sort": c.sorted ?? null, "data-key": c.title || "more" }, c.head ?? (c.title || h("span", { class: "unseen" }, "More"))))));

const cell = (column, row, i) => {
  const content = column.cell(row, i);
  const attributes = { class: [column.isNum ? "num" : "", column.class ?? ""].filter(Boolean).join(" ") || null, "data-label": column.title || null, "data-value": column.value?.(row) ?? null };
  return column.isHead ? h("th", { scope: "row", role: "rowheader", ...attributes }, content) : h("td", { role: "cell", ...attributes }, content);
};

export const tableRow = (columns, row, i, attributes = {}) => h("tr", { role: "row", ...attributes }, columns.map((c) => cell(c, row, i)));

const noRows = (columns, text) => h("tr", { role: "row" }, h("td", { role: "cell", colspan: columns.length, class: "empty" }, text));

export const table = ({ id, caption, columns, rows, key, empty = "Nothing yet.", rowAttributes, isShort, wide }) => {
  const body = rows.length > 0
    ? rows.map((row, i) => tableRow(columns, row, i, { "data-key": key ? String(key(row)) : null, ...rowAttributes?.(row) }))
    : noRows(columns, empty);
  return h("div", { class: isShort ? "scroll short" : "scroll", tabindex: 0, role: "region", "aria-label": `${caption}, table`, "data-key": `table-${id}` },
    h("table", { id: `table-${id}`, "data-testid": id, role: "table", class: wide ? "wide" : "cards" }, h("caption", { class: "unseen" }, caption), head(columns), h("tbody", { role: "rowgroup" }, body)));
};

// As many digits as the value with the most needs, so that a column is read from above.
export const digitsOf = (rows, name) => Math.max(0, ...rows.map((row) => (typeof row[name] === "number" ? digitsAfterPoint(row[name]) : 0)));
