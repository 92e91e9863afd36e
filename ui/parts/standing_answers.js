// The answers above the list of an entity without a risk: which row is worst, whether that is worse than usual, since when, who is there, and where most are.
import { url } from "../lib/api.js";
import { SLOW_MS } from "../lib/live.js";
import { featureName, listed, value } from "../lib/names.js";
import { href } from "../lib/router.js";
import { agoElement, capital, count, many, visible } from "../lib/words.js";
import { answer, answerContent, answerPanel, answers, missing } from "./bits.js";
import { badIn, badWord, byRow, groupsOf, worstFirst } from "./groups.js";
import { hasMoves, movesOf, movesUrls, ONE_WAY } from "./moves.js";
import { panel } from "./panel.js";
import { otherOf, stakeUrl, stakeWords } from "./related.js";
import { typicalOf } from "./risk.js";
import { sinceWhen } from "./since_when.js";

const LOOKED_AT = 500;
const idOf = (e, row) => visible(String(row[e.key]));
const rowHref = (e, row) => href(["entities", e.plural, row[e.key]]);

// What has a side that is worse; else what is measured, in a unit; how many there are of it says less.
const measured = (e) => {
  const all = listed(e, 8), sided = all.filter((c) => c.worse), withUnit = all.filter((c) => c.unit);
  return sided.length > 0 ? sided : withUnit.length > 0 ? withUnit : all;
};

// How far a value is on the side that is worse (on any, where none is), in what the middle half of all rows differ by.
const farOf = (v, column, t) => {
  const far = (v - t.p50) / Math.max(t.p75 - t.p25, 1e-9);
  return column.worse === "higher" ? far : column.worse === "lower" ? -far : Math.abs(far);
};

// The row that is furthest from the middle of all, and by which column.
const outlier = (e, rows, typical) => {
  const all = measured(e).filter((c) => typical?.[c.name]?.p75 != null).flatMap((column) => rows.filter((row) => typeof row[column.name] === "number")
    .map((row) => ({ row, column, usual: typical[column.name], far: farOf(row[column.name], column, typical[column.name]) })));
  return all.reduce((most, one) => (most && most.far >= one.far ? most : one), null);
};

const worst = (e, found, source) => {
  const title = measured(e).some((c) => c.worse) ? `Which ${e.title} is worst?` : "Stands out most";
  if (!found) return answer("bad", title, "Not known", missing(source, "What is typical is not known to this server."));
  const { row, column, usual } = found;
  return answer("bad", title, idOf(e, row), `${capital(featureName(e, column.name))} ${value(row[column.name], column.unit)}; typical ${value(usual.p50, column.unit)}, half are ${value(usual.p25, "")} to ${value(usual.p75, "")}`, { href: rowHref(e, row) });
};

// Of all rows: how many are worse than they are themselves usually, and which most. found: as of movesOf, with `bad`; null: not known.
const thanUsual = (e, found, source) => {
  if (!found) return answer("usual", "Worse than usual?", "Not known", missing(source));
  const { known, bad } = found, [most] = bad;
  const question = bad.every((m) => m.side === "worse") ? "Worse than usual?" : "Not as usual?";
  if (known.size === 0) return found.isOneWay ? answer("usual", question, "Not known", `${ONE_WAY}.`) : answer("usual", question, "Not known yet", "Not enough history.");
  if (!most) return answer("usual", question, "None", `All ${count(known.size)} are as they usually are, or better.`, { state: "ok" });
  return answer("usual", question, `${count(bad.length)} of ${count(known.size)}`, [`Most: ${idOf(e, most.row)}, ${featureName(e, most.pair.usual.name)} ${value(most.row[most.pair.now.name], most.pair.now.unit)} in ${many(most.pair.now.days, "day", "days")}, usually ${value(most.row[most.pair.usual.name], most.pair.usual.unit)}`],
    { href: rowHref(e, most.row) });
};

// Who is in the events of the row that stands out, and what is at stake there.
const whoIsThere = (e, found) => {
  const other = otherOf(e), id = found?.row[e.key];
  if (!other || !found) return null;
  const question = "Who is there, what is at stake?";
  return answerPanel("stake", panel({ id: "stake", title: question, isPlain: true, isBare: true, height: 60, every: 60000, urls: { r: stakeUrl(e, id, other) }, absent: answerContent(question, "Not known"),
    render: ({ r }) => {
      const { text, note } = stakeWords(other, r);
      return answerContent(question, text, note, { href: rowHref(e, found.row) });
    } }));
};

// In which group of them most are worse than usual: ids often begin with a place.
const where = (e, found, rows) => {
  const question = "Where are most of them?";
  if (!found || found.known.size === 0) return answer("where", question, found && !found.isOneWay ? "Not known yet" : "Not known");
  const moves = { of: byRow(found.moves) }, [group] = groupsOf(e, rows).sort(worstFirst(moves)), bad = badIn(group, moves).length;
  if (group.isAll) return answer("where", question, "No groups", `${e.place ? "The map has their places" : "Their ids do not begin alike, and no place is declared"}.`);
  return bad === 0 ? answer("where", question, "Nowhere", `None is ${badWord(moves)}.`) : answer("where", question, group.name, `${count(bad)} of ${count(group.rows.length)} ${badWord(moves)}`);
};

const movesFound = (e, data) => {
  if (!data.top || !data.features) return null;
  const found = movesOf(e, data);
  return { ...found, bad: found.moves.filter((m) => m.side !== "better") };
};

const howMany = (e, list, features) => {
  const own = features?.entities?.find((one) => one.entity === e.entity);
  return answer("how-many", `How many ${e.title_plural}?`, count(list.total), own?.computed_at ? agoElement(own.computed_at, "As of ") : "with features in Gold");
};

export const standingAnswers = (e) => panel({
  id: "answers", title: "Answers", isPlain: true, isBare: true, height: 134, every: SLOW_MS,
  urls: { list: url(`/api/v1/${e.plural}`, { limit: LOOKED_AT }), features: "/api/v1/features", top: hasMoves(e) ? movesUrls(e).top : null }, optional: ["features", "top"],
  render: ({ list, features, top }, sources) => {
    const found = outlier(e, list.items, typicalOf(features, e)), moved = movesFound(e, { top, features });
    return answers(worst(e, found, sources.features), hasMoves(e) ? thanUsual(e, moved, top ? sources.features : sources.top) : answer("usual", "Worse than usual?", "Not known", "No feature has a unit and a window."),
      hasMoves(e) ? sinceWhen(e, moved) : null, whoIsThere(e, found), hasMoves(e) ? where(e, moved, top?.items ?? []) : howMany(e, list, features));
  },
});
