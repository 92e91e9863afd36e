// node dashboard.js URL FOLDER: opens the dashboard in Chromium (CHROMIUM), does what a person does there, and prints what it saw as JSON.
// It judges nothing: test_dashboard.py does. Pictures go to FOLDER. Scripts of ours are run by the debugger's protocol, which the page's
// Content-Security-Policy leaves alone.
"use strict";

const path = require("node:path");
const { chromium } = require("playwright-core");
const axe = require("axe-core");

const [, , url, folder] = process.argv;
const at = (id) => `[data-testid="${id}"]`;

// What went wrong that a person need not see: complaints of the console, scripts that ended, requests that failed.
const listen = (page, problems) => {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  const unchanged = new Set(); // a 304 to a script that asked for it: Chromium calls it aborted
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`request: ${response.url()}: ${response.status()}`);
    if (response.status() === 304) unchanged.add(response.request());
  });
  page.on("requestfailed", (request) => {
    if (!unchanged.has(request)) problems.push(`request: ${request.url()}: ${request.failure().errorText}`);
  });
};

const violations = async (page) => {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  return found.violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
};

const look = async (page, name, report) => {
  await page.screenshot({ path: path.join(folder, `dashboard-${name}.png`), fullPage: !name.startsWith("detail") });
  report.axe[name] = await violations(page);
};

const rowsOf = (page) => page.locator(`${at("subscribers")} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));

const themeOf = (page) => page.evaluate(() => ({
  button: document.getElementById("theme").textContent,
  paper: getComputedStyle(document.documentElement).backgroundColor,
}));

const openDetail = async (page) => {
  const first = page.locator(`${at("subscribers")} tbody button`).first();
  const id = await first.innerText();
  await first.click();
  await page.locator(`${at("detail")} a`).waitFor();
  return id;
};

const detailOf = (page) => page.locator(at("detail")).evaluate((dialog) => ({
  title: dialog.querySelector("h2").textContent,
  reasons: dialog.querySelectorAll(".why-table tbody tr").length,
  features: dialog.querySelectorAll(".scroll tbody tr").length,
  json: dialog.querySelector("a").getAttribute("href"),
}));

const closeDetail = async (page) => {
  await page.locator(at("detail-close")).click();
  await page.locator(at("detail")).waitFor({ state: "hidden" });
};

// A page of its own in the same browser; all that goes wrong on it is reported.
const visit = async (context, report) => {
  const page = await context.newPage();
  page.setDefaultTimeout(60000);
  listen(page, report.problems);
  await page.goto(url);
  await page.locator(`${at("subscribers")} tbody button`).first().waitFor();
  await page.locator(`${at("chart")} canvas`).waitFor();
  await page.locator(`${at("parts")} li`).first().waitFor();
  return page;
};

const visitLight = async (context, report) => {
  const page = await visit(context, report);
  report.title = await page.title();
  report.rows = await rowsOf(page);
  report.shown = await page.locator(at("shown")).innerText();
  report.layers = await page.locator(`${at("layers")} h3`).allInnerTexts();
  await look(page, "light", report);

  report.opened = await openDetail(page);
  report.detail = await detailOf(page);
  await look(page, "detail-light", report);
  await closeDetail(page);

  report.themes = [await themeOf(page)];
  for (let click = 0; click < 2; click++) {
    await page.locator(at("theme")).click();
    report.themes.push(await themeOf(page));
  }
};

// The theme that was chosen on the first page holds for those that are opened after it.
const visitDark = async (context, report) => {
  const page = await visit(context, report);
  report.themes.push(await themeOf(page));
  await look(page, "dark", report);
  await openDetail(page);
  await look(page, "detail-dark", report);
  await closeDetail(page);

  await page.setViewportSize({ width: 375, height: 800 });
  // the chart follows its column in a later frame: one that never fits is what the test wants to know
  const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
  await page.waitForFunction("document.documentElement.scrollWidth <= document.documentElement.clientWidth", null, { timeout: 10000 }).catch(() => {});
  report.overflow = await page.evaluate(overflow);
  await look(page, "narrow", report);
};

// The server hangs: requests are sent and never answered. Then it answers again.
const visitHung = async (context, report) => {
  const page = await visit(context, { problems: [] }); // what is given up counts as failed
  const badges = () => page.evaluate(() => ({
    overall: document.getElementById("overall").innerText,
    parts: [...document.querySelectorAll("#parts .badge, #layers .badge")].map((badge) => badge.dataset.state ?? badge.innerText),
    alarm: document.getElementById("alarm").innerText,
  }));
  report.before = await badges();
  const hang = () => {};
  await page.route("**/api/**", hang);
  await page.locator("#overall", { hasText: "Not known" }).waitFor();
  report.hung = await badges();
  await page.unroute("**/api/**", hang);
  await page.locator("#overall", { hasNotText: "Not known" }).waitFor();
  await page.locator("#alarm").waitFor({ state: "hidden" });
  report.after = await badges();
  await page.close();
};

(async () => {
  const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : []; // Chromium refuses to have one as root
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: sandbox });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
    const report = { axe: {}, problems: [] };
    await visitLight(context, report);
    await visitDark(context, report);
    await visitHung(context, report);
    console.log(JSON.stringify(report));
  } finally {
    await browser.close();
  }
})();
