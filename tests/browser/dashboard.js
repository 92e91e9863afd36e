// node dashboard.js URL FOLDER [ENTITY]: opens the dashboards in Chromium (CHROMIUM), does what a person does there, and prints what it saw as JSON.
// It judges nothing: test_dashboard.py does. Pictures go to FOLDER. Scripts of ours are run by the debugger's protocol, which the page's
// Content-Security-Policy leaves alone.
"use strict";

const { at, json, launch, listen, open, overflowAtLast, picture, textsOf, violations } = require("./lib.js");

const [, , url, folder, entity] = process.argv;
const LIST = "#/entities/subscribers?sort=-risk";

const look = async (page, name, report) => {
  await page.screenshot({ path: picture(folder, name), fullPage: true });
  report.axe[name] = await violations(page);
};

const rowsOf = (page) => page.locator(`${at("entities")} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));

const themeOf = (page) => page.evaluate(() => ({
  button: document.getElementById("theme").textContent,
  paper: getComputedStyle(document.documentElement).backgroundColor,
}));

const openList = async (page) => {
  await open(page, LIST);
  await page.locator(`${at("entities")} ${at("row")}`).first().waitFor();
};

const openRow = async (page) => {
  const first = page.locator(`${at("entities")} ${at("row")}`).first();
  const id = await first.innerText();
  await first.click();
  await page.locator(`${at("panel-features")} tbody tr`).first().waitFor();
  return id;
};

const rowPage = (page) => page.evaluate(() => ({
  title: document.querySelector("#page h1").textContent,
  reasons: document.querySelectorAll("#table-reasons tbody tr").length,
  features: document.querySelectorAll("#table-features tbody tr").length,
  json: document.querySelector('[data-testid="json"]').getAttribute("href"),
}));

// A page of its own in the same browser; all that goes wrong on it is reported.
const visit = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  await page.goto(url);
  await page.locator(`${at("panel-inflow")} canvas`).waitFor();
  await page.locator(`${at("layers")} .badge`).first().waitFor();
  return page;
};

const visitLight = async (context, report) => {
  const page = await visit(context, report);
  report.title = await page.title();
  report.layers = await page.locator(`${at("layers")} h3`).allInnerTexts();
  report.figures = await textsOf(page, `${at("figures")} dt`);
  await look(page, "light", report);

  await openList(page);
  report.rows = await rowsOf(page);
  report.shown = await page.locator(at("shown")).innerText();
  await look(page, "list-light", report);
  report.opened = await openRow(page);
  report.detail = await rowPage(page);
  await look(page, "row-light", report);
  await page.goBack();
  await page.locator(`${at("entities")} ${at("row")}`).first().waitFor();
  report.back = await page.evaluate(() => location.hash);

  report.themes = [await themeOf(page)];
  for (let click = 0; click < 2; click++) {
    await page.locator(at("theme")).click();
    report.themes.push(await themeOf(page));
  }
};

// A list whose rows move between the pages: the server refuses the second page, once. Then a page of the order before comes late.
const movedRows = (page) => page.evaluate(async () => {
  const { Pages } = await import("/ui/lib/list.js");
  const answers = [];
  const own = window.fetch;
  let refuses = 1;
  window.fetch = async (address) => {
    const given = new URL(address, location.href).searchParams;
    const [limit, from] = [Number(given.get("limit")), Number(given.get("cursor") ?? 0)];
    answers.push(`${from}+${limit}`);
    const isRefused = from === 50 && refuses-- > 0;
    const rows = Array.from({ length: limit }, (_, i) => ({ id: from + i }));
    return new Response(JSON.stringify(isRefused ? { detail: "Rows have moved." } : { total: 1000, generation: 0, items: rows, next_cursor: String(from + limit) }),
      { status: isRefused ? 410 : 200, headers: { "Content-Type": isRefused ? "application/problem+json" : "application/json" } });
  };
  const shown = [];
  const list = new Pages("/api/v1/things", {}, () => shown.push(list.count));
  for (let i = 0; i < 3; i++) await list.more();
  await Promise.all([list.restart(), list.more()]);
  window.fetch = own;
  return { answers, shown, rows: list.pages.flat().map((row) => row.id) };
});

// The theme that was chosen on the first page holds for those that are opened after it.
const visitDark = async (context, report) => {
  const page = await visit(context, report);
  report.themes.push(await themeOf(page));
  await look(page, "dark", report);
  await page.evaluate(() => addEventListener("beforeprint", () => { window.paper = getComputedStyle(document.documentElement).backgroundColor; }));
  await page.pdf({ format: "A4" });
  report.printed = { paper: await page.evaluate(() => window.paper), after: await themeOf(page) };
  report.inflow = await page.evaluate(async () => {
    const { inflowAnswer } = await import("/ui/parts/hours.js");
    const usual = { low: 100, high: 110, weeks: 3 };
    const over = { ...usual, hour: "2026-11-30T09:00:00Z", events: 105, complete: true };
    return [40, 5000].map((events) => inflowAnswer([over, { ...usual, hour: "2026-11-30T10:00:00Z", events, complete: false }]).text);
  });
  report.ages = await page.evaluate(async () => {
    const { ago, now } = await import("/ui/lib/words.js");
    return [-2 * 86400, -90, 0, 30, 3 * 3600 + 1].map((s) => ago(new Date(now() + 1000 * s).toISOString()));
  });
  report.moved = await movedRows(page);
  await page.setViewportSize({ width: 375, height: 800 });
  report.overflow = await overflowAtLast(page);
  await look(page, "narrow", report);
};

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
  await page.locator(`${at("values-hours")} tbody tr`).first().waitFor({ state: "attached" });
  report.strange = {
    figures: await textsOf(page, `${at("figures")} dt`),
    hours: await page.locator(`${at("values-hours")} tbody tr`).evaluateAll((rows) => rows.map((row) => row.cells[1].textContent)),
    overflow: await overflowAtLast(page),
  };
  await look(page, "strange", report);
  await openList(page);
  await page.locator(`${at("entities")} ${at("row")}`).nth(ids.length - 1).waitFor();
  Object.assign(report.strange, {
    ids: await textsOf(page, `${at("entities")} ${at("row")}`),
    head: await textsOf(page, `${at("entities")} thead th:visible`),
    rowHeights: await page.locator(`${at("entities")} tbody tr`).evaluateAll((rows) => rows.map((row) => row.clientHeight)),
    listOverflow: await overflowAtLast(page),
  });
  await look(page, "strange-list", report);
  await page.locator(at("search")).fill("x");
  await page.locator(at("shown")).filter({ hasText: "is wrong" }).waitFor();
  report.strange.alarm = await page.locator(at("alarm")).isVisible();
};

const BADGES = `${at("overall")} .badge, ${at("layers")} .badge`;

// A server that takes requests and does not answer, and one that is not there any more: the page must not go on to say that all is well.
const visitSilent = async (context, name, answer, report) => {
  const page = await visit(context, { problems: [] });
  await page.route("**/api/**", answer);
  await page.locator(at("overall")).filter({ hasText: "Not known" }).waitFor();
  report.silent[name] = { alarm: await page.locator(at("alarm")).innerText(), badges: await textsOf(page, BADGES) };
  report.axe[name] = await violations(page);
  await page.unroute("**/api/**");
  await page.locator(at("overall")).filter({ hasNotText: "Not known" }).waitFor();
  report.silent[name].after = { badges: await textsOf(page, BADGES), alarm: await page.locator(at("alarm")).isVisible() };
};

// What a person takes along: the query that each panel offers, and a chart as a picture.
const takeAlong = async (context, report) => {
  const page = await visit(context, report);
  report.queries = {};
  for (const hash of ["#/pipeline", "#/quality", "#/model", `#/entities/subscribers/${report.opened}`, "#/overview"]) {
    await page.evaluate(() => { document.querySelector("#page h1").dataset.before = "yes"; });
    await open(page, hash);
    await page.locator("#page h1:not([data-before])").waitFor(); // the module of a page comes a moment later
    await page.waitForFunction(() => [...document.querySelectorAll("smelt-panel")].some((panel) => panel.model.sql));
    Object.assign(report.queries, await page.evaluate(() => Object.fromEntries(
      [...document.querySelectorAll("smelt-panel")].filter((panel) => panel.model.sql).map((panel) => [`${location.hash} ${panel.model.id}`, panel.model.sql]))));
  }
  const panel = page.locator(at("panel-inflow"));
  await panel.locator("canvas").waitFor();
  await panel.locator(".menu summary").click();
  const [download] = await Promise.all([page.waitForEvent("download"), panel.getByRole("button", { name: "Save charts as pictures" }).click()]);
  report.chart = picture(folder, "chart");
  await download.saveAs(report.chart);
  await page.close(); // a page has a stream, and a browser six connections
};

// Eight tabs, of which a person looks at the last. Chromium has six connections to a server; to a page without a window all tabs are in sight.
const visitInManyTabs = async (context, report) => {
  const pages = [];
  for (let tab = 0; tab < 7; tab++) {
    const page = await visit(context, report);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { configurable: true, value: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    pages.push(page);
  }
  const last = await visit(context, report);
  await open(last, LIST);
  await last.locator(`${at("entities")} ${at("row")}`).first().waitFor();
  report.tabs = (await Promise.all([last, ...pages].map((page) => page.close()))).length;
};

// With a third argument, the name of an entity behind the first: only what a person can read on its list, its first row and the other pages.
const visitWords = async (context, report) => {
  const page = await visit(context, report);
  report.figures = await textsOf(page, `${at("figures")} dt`);
  const texts = [await page.locator("body").innerText()];
  await look(page, "overview", report);
  const lists = await page.locator(`${at("nav")} a[href^="#/entities/"]`).evaluateAll((all) => all.map((a) => [a.textContent, a.getAttribute("href")]));
  for (const [title, href] of lists) {
    await open(page, href);
    await page.locator("#page h1").filter({ hasText: title }).waitFor();
    await page.locator(`${at("entities")} ${at("row")}`).first().waitFor();
    await page.waitForFunction(() => !document.querySelector('#page smelt-panel[aria-busy="true"]'));
    report.spots = { ...report.spots, [title]: await page.locator(`${at("map")} .spot`).count() };
    report.heads = [...(report.heads ?? []), ...await textsOf(page, "main thead th:visible")];
    texts.push(await page.locator("body").innerText());
    await look(page, href.split("/").at(-1), report);
  }
  await openRow(page);
  await page.locator(`${at("panel-timeline")} tbody tr`).first().waitFor();
  texts.push(await page.locator("body").innerText());
  report.json = await page.locator(at("json")).getAttribute("href");
  await look(page, entity, report);
  report.text = texts.join("\n");
};

(async () => {
  const browser = await launch();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
    const report = { axe: {}, problems: [], silent: {} };
    if (entity) {
      await visitWords(context, report);
      console.log(JSON.stringify(report));
      return;
    }
    await visitLight(context, report);
    await visitDark(context, report);
    await takeAlong(context, report);
    await visitInManyTabs(context, report);
    const refused = { problems: [], axe: report.axe }; // what is refused on purpose is a problem to the console
    await visitStrange(context, refused, ["W".repeat(1000), "\u202eLTR-EVIL", "a\nb", "<b>x</b>", "\u0000"]);
    report.strange = refused.strange;
    await Promise.all([visitSilent(context, "hung", () => {}, report), visitSilent(context, "dead", (route) => route.abort(), report)]);
    console.log(JSON.stringify(report));
  } finally {
    await browser.close();
  }
})();
