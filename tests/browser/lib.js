// What the visits share: a Chromium, what went wrong on its pages, and what axe finds. It judges nothing: the tests in Python do.
"use strict";

const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");
const axe = require("axe-core");

const BUSY = 4; // processes that want a processor, for each one
const DEADLINE_MS = 120000; // a machine may have other things to do: only who waits in vain waits so long
const at = (id) => `[data-testid="${id}"]`;

// A server that waited too long for a processor says so (503 with Retry-After), and pages ask again: nothing goes wrong with them.
const isBusy = () => os.loadavg()[0] > BUSY * os.cpus().length;
const isExcused = (response) => response.status() === 503 && response.headers()["retry-after"] != null && isBusy();

// What went wrong that a person need not see: complaints of the console, scripts that ended, requests that failed.
const listen = (page, problems) => {
  page.on("console", (message) => {
    const excused = message.text().includes("status of 503") && isBusy();
    if (["error", "warning"].includes(message.type()) && !excused) problems.push(`console: ${message.text()}: ${message.location().url}`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  const unchanged = new Set(); // a 304 to a script that asked for it: Chromium calls it aborted
  page.on("response", (response) => {
    if (response.status() >= 400 && !isExcused(response)) problems.push(`request: ${response.url()}: ${response.status()}`);
    if (response.status() === 304) unchanged.add(response.request());
  });
  page.on("requestfailed", (request) => {
    const left = request.failure().errorText === "net::ERR_ABORTED"; // another page was opened
    if (!unchanged.has(request) && !left) problems.push(`request: ${request.url()}: ${request.failure().errorText}`);
  });
};

const violations = async (page) => {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  return found.violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
};

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// The chart follows its column in a later frame: one that never fits is what a test wants to know.
const overflowAtLast = async (page) => {
  await page.waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth, null, { timeout: 5000 }).catch(() => {});
  return overflow(page);
};

// Nothing on the page is still loading, but for what shows how that looks.
const settled = (page) => page.waitForFunction(() => document.querySelector("#page h1") && !document.querySelector('#page smelt-panel[aria-busy="true"]:not([id$="loading"])'));

// What was drawn is on the screen, and what an answer made due was done.
const drawn = (page) => page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));

// Everything that is shown is asked for again, as when one comes back to the tab.
const askAgain = (page) => page.evaluate(() => { document.dispatchEvent(new Event("visibilitychange")); });

const setTheme = (page, theme) => page.evaluate((to) => {
  document.documentElement.dataset.theme = to;
  document.dispatchEvent(new Event("smelt-theme"));
}, theme);

const json = (body, status = 200) => ({ status, contentType: status === 200 ? "application/json" : "application/problem+json", body: JSON.stringify(body) });
const textsOf = (page, selector) => page.locator(selector).allInnerTexts();
const picture = (folder, name) => path.join(folder, `dashboard-${name}.png`);

// One address of the same page: the hash, without loading it again.
const open = async (page, hash) => {
  await page.evaluate((to) => { location.hash = to; }, hash);
};

const launch = async () => {
  const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : []; // Chromium refuses to have one as root
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: sandbox });
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(DEADLINE_MS);
    return context;
  };
  return browser;
};

module.exports = { askAgain, at, drawn, json, launch, listen, open, overflow, overflowAtLast, picture, setTheme, settled, textsOf, violations };
