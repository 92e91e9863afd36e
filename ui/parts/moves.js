// How far rows are from where they usually are: each value of the last days beside the same row's value over all time, in steps: what the middle
// half of all rows differ by. Which side is worse the declarations say (`worse`); where they do not, it is higher or lower, and a person judges.
import { url } from "../lib/api.js";
import { typicalOf } from "./risk.js";

const LOOKED_AT = 500; // rows
export const ONE_WAY = "In the last days all rows moved the same way, as sums of fewer days do: that does not say which are as usual";
const LEAST = 0.5; // steps: what moved less is as usual
const LEAST_SHARE = 0.05; // of the rows that moved, in either direction

// Measured values over all time, each with that of its shortest window.
const pairsOf = (e) => e.columns.filter((c) => c.days == null && c.unit).map((c) => {
  const windows = e.columns.filter((w) => w.feature === c.feature && w.days != null).sort((a, b) => a.days - b.days);
  return { usual: c, now: windows[0] };
}).filter((pair) => pair.now);

export const hasMoves = (e) => pairsOf(e).length > 0;

// What moves and places are made of: the same request for all that show them.
export const movesUrls = (e) => {
  const places = e.place ? Object.values(e.place) : [];
  const fields = [...new Set([...pairsOf(e).flatMap(({ usual, now }) => [usual.name, now.name]), ...places])];
  return { top: url(`/api/v1/${e.plural}`, { limit: LOOKED_AT, fields: fields.join(",") }), features: "/api/v1/features" };
};

const movedIn = (rows, { usual, now }) => rows.filter((row) => row[now.name] != null && row[usual.name] != null).map((row) => row[now.name] - row[usual.name]).filter((by) => by !== 0);

// A sum or an extreme over fewer days is lower by nature, in every row. Only what moves both ways says something.
const movesBothWays = (rows, pair) => {
  const moved = movedIn(rows, pair);
  const up = moved.filter((by) => by > 0).length;
  return Math.min(up, moved.length - up) >= Math.max(1, moved.length * LEAST_SHARE);
};

// "worse", "better", or where the declarations name no side: "higher", "lower".
export const sideOf = (column, moved) => {
  const side = moved > 0 ? "higher" : "lower";
  if (!column.worse) return side;
  return column.worse === side ? "worse" : "better";
};

const rank = { worse: 0, higher: 1, lower: 1, better: 2 };
const before = (a, b) => rank[a.side] - rank[b.side] || Math.abs(b.moved) - Math.abs(a.moved);

// How far one row is from its own usual value in one of them; null: not known.
const moveOf = (row, pair, typical) => {
  const t = typical?.[pair.usual.name];
  if (!(t?.p75 > t?.p25) || row[pair.now.name] == null || row[pair.usual.name] == null) return null;
  const moved = (row[pair.now.name] - row[pair.usual.name]) / (t.p75 - t.p25);
  return { row, pair, moved, side: sideOf(pair.usual, moved) };
};

// Of each row what says most: what is worse goes before what is better. {known: the rows that can be compared, moves}, the worst first.
// isOneWay: no row can be, since all that moved are sums and extremes; more history changes nothing of it.
export const movesOf = (e, { top, features }) => {
  const typical = typicalOf(features, e);
  const pairs = pairsOf(e).filter((pair) => movesBothWays(top.items, pair)), isOneWay = pairs.length === 0 && pairsOf(e).some((pair) => movedIn(top.items, pair).length > 0);
  const all = top.items.map((row) => pairs.map((pair) => moveOf(row, pair, typical)).filter(Boolean)).filter((of) => of.length > 0);
  return { isOneWay, known: new Set(all.map((of) => of[0].row)), moves: all.map((of) => of.filter((m) => Math.abs(m.moved) >= LEAST).sort(before)[0]).filter(Boolean).sort(before) };
};
