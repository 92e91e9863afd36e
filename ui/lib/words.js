// Numbers, times and names as people read them.
import { h } from "./dom.js";

const plain = new Intl.NumberFormat("en");
const minus = (text) => text.replace("-", "\u2212");
export const count = (n) => minus(plain.format(n ?? 0));

export const short = (n) => {
  if (n == null) return "0";
  return Math.abs(n) < 1e7 ? count(n) : minus(new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(n));
};

// Digits behind the point: as many as the number has, at most two; below 0.1 so many that two of them count.
export const digitsAfterPoint = (n) => {
  if (Number.isInteger(n)) return 0;
  const own = `${n}`.split(/[.e]/)[1].length; // 1.5e-8 has more
  return Math.abs(n) >= 0.1 ? Math.min(2, own) : Math.min(`${n}`.includes("e") ? 12 : own, 1 - Math.floor(Math.log10(Math.abs(n))));
};
export const decimal = (n, digits) => minus(n.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));

// With three digits that count: 0.0413, 1.25, 168.
export const brief = (n) => (n == null ? "–" : Number.isInteger(n) ? short(n) : minus(n.toLocaleString("en", { maximumSignificantDigits: Math.abs(n) >= 1000 ? 5 : 3 })));

export const percent = (part, whole, digits = 1) => `${decimal(whole > 0 ? (100 * part) / whole : 0, digits)}%`;

export const many = (n, one, more) => `${count(n)} ${n === 1 ? one : more}`;

// "+12", "−3", "no change".
export const change = (n) => (n === 0 ? "no change" : `${n > 0 ? "+" : ""}${short(n)}`);

export const bytes = (n) => {
  if (n == null) return "–";
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; n >= 1000 && unit < 4; unit++) n /= 1000;
  return `${n < 10 && unit > 0 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
};

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// Names of rules and states are words with underscores.
export const spaced = (name) => (name ?? "").replaceAll("_", " ");

// ---- time: ages use the server's clock, so that a wrong clock in the browser does not make new data look old ----

let skew = 0;
export const serverTime = (dateHeader) => {
  const then = Date.parse(dateHeader);
  if (!Number.isNaN(then) && Math.abs(then - Date.now()) > 2000) skew = then - Date.now();
};
export const now = () => Date.now() + skew;

const units = [["day", 86400, 2 * 86400], ["hour", 3600, 3600], ["minute", 60, 60], ["second", 1, 1]];
export const duration = (seconds) => {
  if (seconds == null) return "–";
  if (seconds < 1) return seconds > 0 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : "0 s";
  if (seconds < 10 && !Number.isInteger(seconds)) return `${decimal(seconds, 1)} s`;
  const [name, length] = units.find(([, , least]) => seconds >= least);
  const n = Math.floor(seconds / length);
  return many(n, name, `${name}s`);
};
// "hour", "6 hours", "15 minutes": of the length of a step.
export const stepWord = (seconds) => duration(seconds).replace(/^1 (?=hour|minute|second)/, "");
const past = (iso) => Math.floor((now() - Date.parse(iso)) / 1000);
// More than a minute to come is no matter of who asked when: a clock is wrong.
export const ago = (iso) => {
  const s = past(iso);
  return !iso ? "never" : s < -60 ? `in ${duration(-s)}` : `${s < 1 ? "a moment" : duration(s)} ago`;
};

// The year where it is another one than now.
const yearOf = (d) => (d.getUTCFullYear() === new Date(now()).getUTCFullYear() ? {} : { year: "numeric" });
const inZone = (iso, timeZone) => new Date(iso).toLocaleString("en-GB", { timeZone, weekday: "short", day: "numeric", month: "short", ...yearOf(new Date(iso)), hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
// For the pointer: the moment in UTC, and in the zone of the browser when that is another one.
export const zones = (iso) => {
  if (!iso) return "";
  const [utc, here] = [inZone(iso, "UTC"), inZone(iso, undefined)];
  return utc === here ? utc : `${utc} = ${here}`;
};

// Minutes of a clock in UTC: "Sun 29 Nov, 06:21", "Sun 3 Mar 2024, 06:21".
export const moment = (iso) => {
  const d = new Date(iso);
  const part = (options) => d.toLocaleString("en-GB", { timeZone: "UTC", ...options });
  return `${part({ weekday: "short", day: "numeric", month: "short", ...yearOf(d) }).replace(/(^\w+),/, "$1")}, ${part({ hour: "2-digit", minute: "2-digit" })}`;
};

// A time as answers of the API write it; a text of this form is one too.
const isTime = (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text);
// What a feature or field is that is no number.
export const plainText = (v) => (v === "" ? "(empty)" : isTime(v) ? `${moment(v)} UTC` : visible(String(v)));

export const timeElement = (iso) => (iso ? h("time", { datetime: iso, title: zones(iso) }, `${moment(iso)} UTC`) : "–");

// An element whose text is the age of `iso`. refreshAges() updates the text of all of them once a second.
export const agoElement = (iso, before = "") => h("time", { datetime: iso ?? "", title: zones(iso), "data-before": before }, before + ago(iso));
export const refreshAges = () => {
  for (const e of document.querySelectorAll("time[data-before]")) {
    const text = e.dataset.before + ago(e.dateTime);
    if (e.textContent !== text) e.textContent = text;
  }
};

// Of what is counted by the hour: when that hour began, or that it is not over.
export const hourElement = (iso, before = "") => (past(iso) < 3600 ? h("time", { datetime: iso, title: zones(iso) }, `${before}in this hour`) : agoElement(iso, before));

// Where a message is in Kafka; a file that was read as a topic by its name alone.
export const placeText = ({ topic, partition, offset }) => `${topic.split("/").at(-1)} ${partition}${offset == null ? "" : `:${offset}`}`;
export const placeElement = (place) => h("span", { title: place.topic }, placeText(place));

// An id as one can see it: characters that are invisible, or turn the direction of what follows, by their numbers.
export const visible = (id) => id.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
