// Rows in groups by how their ids begin, which often is a place, and which of them are not as usual. moves: {of: byRow(the moves of moves.js)}.
import { visible } from "../lib/words.js";

const GROUPS_MOST = 40;

export const byRow = (moves) => new Map(moves.map((m) => [m.row, m]));

const beginOf = (id) => /^([^-_:./ ]+)[-_:./ ]/.exec(id)?.[1];

// By the beginning of their ids where that makes some groups, else all in one.
export const groupsOf = (e, rows) => {
  const groups = new Map();
  for (const row of rows) {
    const name = beginOf(String(row[e.key])) ?? "";
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const makesSense = groups.size > 1 && groups.size <= GROUPS_MOST && groups.size <= rows.length / 2;
  return (makesSense ? [...groups] : [["", rows]]).map(([name, own]) => ({ name: name === "" ? "All others" : visible(name), rows: own, isAll: !makesSense }));
};

export const badIn = (group, moves) => group.rows.filter((row) => moves.of.has(row) && moves.of.get(row).side !== "better");
export const worstFirst = (moves) => (a, b) => badIn(b, moves).length / b.rows.length - badIn(a, moves).length / a.rows.length || a.name.localeCompare(b.name);
export const badWord = (moves) => ([...moves.of.values()].every((m) => m.side === "worse" || m.side === "better") ? "worse" : "not as usual");
