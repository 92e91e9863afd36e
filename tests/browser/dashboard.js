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

const rowsOf = (page) => page.locator(`${at("entities")} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));

const themeOf = (page) => page.evaluate(() => ({
  button: document.getElementById("theme").textContent,
  paper: getComputedStyle(document.documentElement).backgroundColor,
}));

const openDetail = async (page) => {
  const first = page.locator(`${at("entities")} tbody button`).first();
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
  await page.locator(`${at("entities")} tbody button`).first().waitFor();
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
  for (let tries = 0; tries < 100 && (await page.evaluate(overflow)) > 0; tries++) await new Promise((later) => { setTimeout(later, 100); });
  report.overflow = await page.evaluate(overflow);
  await look(page, "narrow", report);
};

const json = (body, status = 200) => ({ status, contentType: status === 200 ? "application/json" : "application/problem+json", body: JSON.stringify(body) });
const textsOf = (page, selector) => page.locator(selector).allInnerTexts();

// The same server, whose answers are of a pipeline without our features, and of ids that strangers chose.
const visitStrange = async (context, report, ids) => {
  const page = await visit(context, report);
  const items = ids.map((id) => ({ subscriber_id: id, churn_probability: 0.5, risk_band: "high", reasons: [], scored_at: null, churn_label: null, total_events: null, avg_bill_zmw: null, max_days_overdue: null }));
  await page.route("**/api/v1/subscribers?*", (route) => route.fulfill(json(
    route.request().url().includes("search=") ? { status: 400, detail: "The parameter 'search' is wrong." } : { generation: 1, total: ids.length, items, next_cursor: null },
    route.request().url().includes("search=") ? 400 : 200)));
  await page.route("**/api/v1/overview", async (route) => {
    const overview = await (await route.fetch({ headers: {} })).json();
    Object.assign(overview.subscribers, { mean_bills_zmw: null, mean_bills_at_risk_zmw: null });
    overview.hours = [{ hour: "2026-11-24T10:00:00Z", event_type: "T".repeat(64), events: 7 }];
    await route.fulfill(json(overview));
  });
  await page.reload();
  await page.locator(`${at("entities")} tbody button`).nth(ids.length - 1).waitFor();
  report.strange = {
    ids: await textsOf(page, `${at("entities")} tbody button`),
    head: await textsOf(page, `${at("entities")} thead th:visible`),
    figures: await textsOf(page, `${at("figures")} dt`),
    hours: await page.locator(`${at("hours")} tbody tr`).evaluateAll((rows) => rows.map((row) => row.cells[1].textContent)),
    rowHeights: await page.locator(`${at("entities")} tbody tr`).evaluateAll((rows) => rows.map((row) => row.clientHeight)),
    overflow: await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  };
  await look(page, "strange", report);
  await page.locator(at("search")).fill("x");
  await page.locator(at("shown")).filter({ hasText: "is wrong" }).waitFor();
  report.strange.alarm = await page.locator(at("alarm")).isVisible();
};

// A server that takes requests and does not answer, and one that is not there any more: the page must not go on to say that all is well.
const visitSilent = async (context, name, answer, report) => {
  const page = await visit(context, { problems: [] });
  await page.route("**/api/**", answer);
  await page.locator(at("overall")).filter({ hasText: "Not known" }).waitFor();
  report.silent[name] = { alarm: await page.locator(at("alarm")).innerText(), badges: await textsOf(page, `${at("parts")} .badge, ${at("layers")} .badge`) };
  report.axe[name] = await violations(page);
  await page.unroute("**/api/**");
  await page.locator(at("overall")).filter({ hasNotText: "Not known" }).waitFor();
  report.silent[name].after = { badges: await textsOf(page, `${at("parts")} .badge, ${at("layers")} .badge`), alarm: await page.locator(at("alarm")).isVisible() };
};

// With a third argument, the name of an entity behind the first: only what a person can read on the page and in the first row of that list.
const visitWords = async (context, report, entity) => {
  const page = await visit(context, report);
  await page.locator(`${at(`entity-${entity}`)} tbody button`).first().waitFor();
  report.text = await page.locator("body").innerText();
  report.heads = await textsOf(page, "main thead th:visible");
  report.figures = await textsOf(page, `${at("figures")} dt`);
  await look(page, entity, report);
  await page.locator(`${at(`entity-${entity}`)} tbody button`).first().click();
  await page.locator(`${at("detail")} a`).waitFor();
  report.detail = await page.locator(at("detail")).innerText();
  report.json = await page.locator(`${at("detail")} a`).getAttribute("href");
};

(async () => {
  const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : []; // Chromium refuses to have one as root
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: sandbox });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
    const report = { axe: {}, problems: [], silent: {} };
    if (process.argv[4]) {
      await visitWords(context, report, process.argv[4]);
      console.log(JSON.stringify(report));
      return;
    }
    await visitLight(context, report);
    await visitDark(context, report);
    const refused = { problems: [], axe: report.axe }; // what is refused on purpose is a problem to the console
    await visitStrange(context, refused, ["W".repeat(1000), "\u202eLTR-EVIL", "a\nb", "<b>x</b>", "\u0000"]);
    report.strange = refused.strange;
    await visitSilent(context, "hung", () => {}, report);
    await visitSilent(context, "dead", (route) => route.abort(), report);
    console.log(JSON.stringify(report));
  } finally {
    await browser.close();
  }
})();
