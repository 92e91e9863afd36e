// From when: a choice in the address, for the panels that show a time.
import { parse, setQuery } from "../lib/router.js";
import { h } from "../lib/dom.js";
import { now } from "../lib/words.js";
import { select } from "./bits.js";

const ranges = [["-6h", "6 hours"], ["-24h", "24 hours"], ["-48h", "48 hours"], ["-7d", "7 days"], ["-30d", "30 days"]];

export const rangeOf = (otherwise) => (ranges.some(([value]) => value === parse().query.from) ? parse().query.from : otherwise);
export const rangeSelect = (otherwise) => h("div", { class: "filters" }, select("Time range", "range", ranges, rangeOf(otherwise), (from) => setQuery({ from })));

const SECONDS = { "-6h": 21600, "-24h": 86400, "-48h": 172800, "-7d": 604800, "-30d": 2592000 };
export const windowOf = (from) => [now() / 1000 - SECONDS[from], now() / 1000];

// Steps of one hour for days, of one day for a month: so many bars as one can tell apart.
export const stepOf = (from) => ({ "-6h": "1h", "-24h": "1h", "-48h": "1h", "-7d": "6h", "-30d": "1d" })[from];
