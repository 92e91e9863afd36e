// From when: a choice in the address, for the panels that show a time.
import { parse, setQuery } from "../lib/router.js";
import { h } from "../lib/dom.js";
import { now } from "../lib/words.js";
import { select } from "./bits.js";

const ranges = [["-6h", "6 hours", 6], ["-24h", "24 hours", 24], ["-48h", "48 hours", 48], ["-7d", "7 days", 168], ["-30d", "30 days", 720]]; // and how many hours they are
const find = (from) => ranges.find(([value]) => value === from);

export const rangeOf = (otherwise) => (find(parse().query.from) ? parse().query.from : otherwise);
export const rangeSelect = (otherwise) => h("div", { class: "filters" }, select("Time range", "range", ranges, rangeOf(otherwise), (from) => setQuery({ from })));

export const windowOf = (from) => [now() / 1000 - find(from)[2] * 3600, now() / 1000];

// Steps of one hour for days, of one day for a month: so many bars as one can tell apart.
export const stepOf = (from) => ({ "-7d": "6h", "-30d": "1d" })[from] ?? "1h";
