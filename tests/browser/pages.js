// node pages.js STATE URL FOLDER: opens every page of a server in a STATE (normal: and then stale; hour: its first; empty; failed: its data routes fail here; loading: they do not answer), in both themes and
// three widths, and prints what it saw as JSON: axe, overflow, layout shift, answers, weight. It judges nothing: test_pages.py does.
"use strict";

const os = require("node:os");
const zlib = require("node:zlib");
const { askAgain, at, drawn, json, launch, listen, open, overflowAtLast, picture, setTheme, settled, violations } = require("./lib.js");

const [, , state, url, folder] = process.argv;
const WIDTHS = { hour: [390], loading: [1280, 390] }[state] ?? [1280, 390, 320];
const ANSWER_MS = 60000;

const ANSWERS = {
  overview: ["well", "how-many", "new", "inflow", "first"], list: ["whom", "why", "lately", "group", "list"], row: ["risk", "why", "called", "lately", "moved"], others: ["bad", "usual", "since", "stake", "where"],
  quality: ["worse", "source", "events", "owner", "replay"], pipeline: ["behind", "rate", "latency", "slower", "proof"], model: ["believe", "calibrated", "drives", "moved", "better"],
  status: ["wrong", "type", "whole", "version", "day"], style: [],
};

const pagesOf = async () => {
  const list = await (await fetch(`${url}/api/v1/subscribers?limit=1`)).json();
  const row = list.items?.[0]?.subscriber_id ?? "SUB-1";
  return { overview: "#/overview", list: "#/entities/subscribers", row: `#/entities/subscribers/${row}`, others: "#/entities/towers", quality: "#/quality", pipeline: "#/pipeline", model: "#/model", status: "#/status", style: "#/style" };
};

const answersOf = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll("[data-answer]")].map((e) => [e.dataset.answer, e.innerText.trim()])));

// How long after opening the page the last of its answers was there.
const waitForAnswers = async (page, ids) => {
  const begin = Date.now();
  await page.waitForFunction((all) => all.every((id) => document.querySelector(`[data-answer="${id}"]`)?.innerText.trim()), ids, { timeout: ANSWER_MS }).catch(() => {});
  const ms = asIfQuiet(Date.now() - begin), found = await answersOf(page);
  return { ms, missing: ids.filter((id) => !found[id]) };
};

// As if each process of the machine had a processor.
const asIfQuiet = (ms) => ms / Math.max(1, os.loadavg()[0] / os.cpus().length);

const watchShift = (page) => page.addInitScript(() => {
  window.shift = 0;
  new MutationObserver((_, observer) => {
    if (!document.querySelector("#page h1")) return;
    window.readyAt = performance.now(); // what is there can be used: navigation, keys, the page
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { if (!e.hadRecentInput) window.shift += e.value; })).observe({ type: "layout-shift", buffered: true });
});

const lookAtAll = async (page, name, seen) => {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    seen.overflow[width] = await overflowAtLast(page);
    for (const theme of ["light", "dark"]) {
      await setTheme(page, theme);
      seen.axe[`${width} ${theme}`] = await violations(page);
      if (["normal", "loading"].includes(state) || theme === "light") await page.screenshot({ path: picture(folder, `${state}-${name}-${width}-${theme}`), fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
};

// All addresses of data but those by which a page knows where it is.
const routeData = (page, answer) => page.route("**/api/v1/**", (route) => (/\/(status|pipeline)$/.test(new URL(route.request().url()).pathname) ? route.continue() : answer(route)));
const failing = (page) => routeData(page, (route) => route.fulfill(json({ status: 504, title: "Gateway Timeout", detail: "The query took longer than 10 s." }, 504)));

// Nothing comes, and the page does not give up while it is looked at.
const hanging = async (page) => {
  await page.addInitScript(() => { AbortSignal.timeout = () => new AbortController().signal; });
  await routeData(page, () => {});
};

// All tests share the machine: an answer may take longer than somebody would wait for it.
const patient = (page) => page.addInitScript(() => {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => timeout(10 * ms);
});

const isLoading = (page) => page.waitForFunction(() => document.querySelector('#page smelt-panel[aria-busy="true"]'));
const arrived = (page) => (state === "loading" ? isLoading(page) : settled(page));

// What was shown can not be refreshed any more: each panel says so, and keeps what it had.
const goStale = async (page, name, seen, report) => {
  const problems = report.problems.splice(0);
  await failing(page);
  await askAgain(page);
  await page.waitForFunction(() => {
    const panels = [...document.querySelectorAll("#page smelt-panel")].map((p) => p.dataset.state);
    return panels.includes("stale") && !panels.includes("loading");
  }, null, { timeout: 60000 });
  await page.setViewportSize({ width: 390, height: 900 });
  seen.stale = { axe: await violations(page), overflow: await overflowAtLast(page), text: await page.locator("#page").innerText() };
  await page.screenshot({ path: picture(folder, `stale-${name}-390-dark`), fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.unroute("**/api/v1/**");
  await askAgain(page);
  await page.waitForFunction(() => ![...document.querySelectorAll("#page smelt-panel")].some((p) => p.dataset.state === "stale"));
  report.problems.splice(0, Infinity, ...problems); // what failed on purpose
};

const visitPage = async (page, name, hash, report) => {
  const seen = { axe: {}, overflow: {} };
  report.pages[name] = seen;
  await drawn(page); // what moved with the width of the window before
  await page.evaluate(() => {
    window.shift = 0;
    document.querySelector("#page h1").dataset.before = "yes";
  });
  await open(page, hash);
  await page.waitForFunction(() => document.querySelector("#page h1:not([data-before])")); // the module of a page comes a moment later
  if (state === "normal") seen.waited = await waitForAnswers(page, ANSWERS[name]);
  await arrived(page);
  seen.answers = await answersOf(page);
  seen.shift = await page.evaluate(() => window.shift);
  seen.title = await page.title();
  seen.text = await page.locator("#page").innerText();
  seen.states = await page.evaluate(() => [...document.querySelectorAll("#page smelt-panel")].map((p) => p.dataset.state));
  await lookAtAll(page, name, seen);
  if (state === "normal" && !["style", "status"].includes(name)) await goStale(page, name, seen, report);
};

// What the first page costs: each answer of /ui, compressed as a server would.
const weigh = async (responses) => {
  const weight = {};
  for (const response of responses) {
    const path = new URL(response.url()).pathname;
    if (path === "/" || path.startsWith("/ui/")) weight[path] = zlib.gzipSync(await response.body(), { level: 6 }).length;
  }
  return weight;
};

const firstLoad = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  await watchShift(page);
  const responses = [];
  const note = (response) => responses.push(response);
  page.on("response", note);
  if (state === "failed") await failing(page);
  if (state === "loading") await hanging(page);
  if (state === "normal") await patient(page);
  await page.goto(url);
  await arrived(page);
  report.firstShift = await page.evaluate(() => window.shift);
  report.readyMs = asIfQuiet(await page.evaluate(() => window.readyAt));
  if (state === "normal") await page.locator(`${at("panel-inflow")} canvas`).waitFor();
  page.off("response", note);
  report.weight = await weigh(responses);
  // Later, what is shown is asked for again.
  report.requests = await page.evaluate(() => performance.getEntriesByType("resource").filter((e) => e.startTime < 3500).map((e) => new URL(e.name).pathname + new URL(e.name).search));
  return page;
};

(async () => {
  const browser = await launch();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light", reducedMotion: "reduce" });
    const report = { pages: {}, problems: [] };
    const page = await firstLoad(context, report);
    if (state !== "normal") report.problems.length = 0; // what fails on purpose is a problem to the console
    const pages = await pagesOf();
    for (const [name, hash] of Object.entries(pages)) await visitPage(page, name, hash, report);
    if (state !== "normal") report.problems = report.problems.filter((p) => p.startsWith("script:"));
    console.log(JSON.stringify(report));
  } finally {
    await browser.close();
  }
})();
