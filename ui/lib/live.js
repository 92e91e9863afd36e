// Keeps what is shown up to date: watch(url) asks at once, and again as long as it has watchers: after each event of the server, or every few
// seconds from a server without events. The last answers are kept, so that going back shows them without waiting.
import { Refusal, UNCHANGED, ask } from "./api.js";

export const QUICK_MS = 4000;
export const SLOW_MS = 20000;
const BESIDE_EVENTS_MS = 60000; // while the server says what changed
const NOT_THERE_MS = 60000; // an address that this server does not have
const KEPT = 40; // answers without a watcher
const LOST_AFTER_MS = 3000; // after the first request without an answer nothing is called well any more

const sources = new Map(); // url -> source, the least recently watched first
const health = { failedAt: null, answeredAt: null, isLost: false };
const healthWatchers = new Set();
let events = null; // `stream`, once it is open

const newSource = (url) => ({ url, data: null, etag: null, at: null, state: "loading", error: null, askedAt: 0, asking: false, watchers: new Set() });

const isStatus = (source) => source.url.startsWith("/api/v1/status");

const intervalOf = (source) => {
  if (source.state === "absent") return NOT_THERE_MS;
  if (source.state === "failed") return QUICK_MS; // no event says that it could be asked again
  const wanted = Math.min(...[...source.watchers].map((w) => w.every));
  return events && !isStatus(source) ? Math.max(BESIDE_EVENTS_MS, wanted) : wanted; // by the status one sees that the server hangs
};

const stateOf = (error) => {
  if (!(error instanceof Refusal)) return "failed";
  return error.status === 404 ? "absent" : error.status === 403 ? "forbidden" : "failed";
};

const notify = (source) => source.watchers.forEach((w) => w.show(source));

// ---- does the server answer at all? ----

export const watchHealth = (show) => {
  healthWatchers.add(show);
  show(health);
};

// Of many requests that fail at once nothing is lost yet: only when one fails again some seconds later.
const note = (answered) => {
  const wasLost = health.isLost;
  if (answered) Object.assign(health, { failedAt: null, answeredAt: new Date().toISOString() });
  else health.failedAt ??= Date.now();
  health.isLost = !answered && (wasLost || Date.now() - health.failedAt >= LOST_AFTER_MS);
  if (!answered || wasLost) healthWatchers.forEach((show) => show(health));
};

// ---- rounds ----

const refresh = async (source) => {
  source.asking = true;
  let changed = source.state !== "ready";
  let answered = true;
  try {
    const found = await ask(source.url, source.data ? source.etag : null);
    if (found !== UNCHANGED) {
      Object.assign(source, { data: found.body, etag: found.etag });
      changed = true;
    }
    Object.assign(source, { state: "ready", error: null, at: new Date().toISOString() });
  } catch (error) {
    answered = error instanceof Refusal;
    changed = source.error?.message !== error.message;
    Object.assign(source, { state: stateOf(error), error });
    if (source.state === "absent" || source.state === "forbidden") source.data = null;
  }
  source.asking = false;
  source.askedAt = source.isOverdue ? 0 : Date.now();
  source.isOverdue = false;
  note(answered); // first: what is drawn depends on it
  if (changed) notify(source);
};

const isDue = (source, at) => source.watchers.size > 0 && !source.asking && source.askedAt + intervalOf(source) <= at;

const round = () => {
  if (document.hidden) return;
  for (const source of sources.values()) if (isDue(source, Date.now())) refresh(source);
};

const forgetOld = () => {
  for (const [url, source] of sources) {
    if (sources.size <= KEPT) return;
    if (source.watchers.size === 0) sources.delete(url);
  }
};

// Calls show(source) now and whenever it changed. Returns a function that ends it.
export const watch = (url, show, every = QUICK_MS) => {
  const source = sources.get(url) ?? newSource(url);
  sources.delete(url);
  sources.set(url, source);
  const watcher = { show, every };
  source.watchers.add(watcher);
  show(source);
  if (!source.asking && Date.now() - (Date.parse(source.at) || 0) > QUICK_MS / 2) refresh(source);
  forgetOld();
  return () => source.watchers.delete(watcher);
};

export const again = (url) => {
  const source = sources.get(url);
  if (source && !source.asking) refresh(source);
};

const askAll = (isMeant = () => true) => {
  for (const source of sources.values()) if (isMeant(source)) Object.assign(source, { askedAt: 0, isOverdue: source.asking }); // what is under way may be of before
  round();
};

// ---- events of the server ----

const STREAM = "/api/v1/stream";
// What an event makes old: a new generation all that is shown, counters what is shown of a live lake.
const isQuick = (source) => [...source.watchers].some((w) => w.every <= QUICK_MS);
const meant = { generation: () => true, status: isStatus, run: (source) => isStatus(source) || source.url.startsWith("/api/v1/runs"), counters: isQuick };

const last = new Map(); // type of event -> the id of its last one. A stream begins with how things stand, which is no news to a page that has just asked.
const isNews = ({ type, lastEventId }) => {
  const before = last.get(type);
  last.set(type, lastEventId);
  return before !== undefined && before !== lastEventId;
};

let stream = null; // EventSource

// Not in a hidden tab: a browser has six connections to a server for all of them, and a seventh tab would wait for ever.
const listen = () => {
  if (stream || document.hidden) return;
  stream = new EventSource(STREAM);
  stream.addEventListener("open", (event) => { events = event.currentTarget; });
  for (const [type, isMeant] of Object.entries(meant)) stream.addEventListener(type, (event) => { if (isNews(event)) askAll(isMeant); });
  stream.addEventListener("error", (event) => {
    if (events) askAll(); // again by polling, from now on
    events = null;
    if (event.currentTarget.readyState !== EventSource.CLOSED) return;
    stream = null;
    setTimeout(listen, NOT_THERE_MS);
  });
};

const deafen = () => {
  stream?.close();
  stream = events = null;
};

const turn = (hasStream) => {
  if (document.hidden) {
    deafen();
    return;
  }
  askAll();
  if (hasStream) listen();
};

export const begin = ({ stream: hasStream }) => {
  setInterval(round, 1000);
  document.addEventListener("visibilitychange", () => turn(hasStream));
  if (hasStream) listen();
};
