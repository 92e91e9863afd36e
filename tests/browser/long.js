// node long.js URL FOLDER: what only shows at length: a list of 100,000 rows, 20,000 types of events, ids from right to left, a day in an open
// tab. It judges nothing: test_long.py does.
"use strict";

const { at, drawn, json, launch, listen, open, overflowAtLast, picture, settled, violations } = require("./lib.js");

const [, , url, folder] = process.argv;
const ROWS = 100000;
const WALKED = 1500; // rows
const ROWS_NEAR = 300; // that are in the document at most
const DAY_MS = 86400000;
const JUMPS = 96; // by which the day goes by: a quarter of an hour each

const rowOf = (i) => ({ subscriber_id: i === 1 ? "\u05d0\u05d1\u05d2-\u0627\u0644\u0639" : `SUB-${String(i).padStart(6, "0")}`, churn_probability: 1 - i / ROWS, risk_band: "high", reasons: [], scored_at: null, churn_label: 0, total_events: i, avg_bill_zmw: 10, max_days_overdue: 0 });

// The answers of a server with so many rows, in pages by the cursor.
const manyRows = (page) => page.route("**/api/v1/subscribers?*", (route) => {
  const query = new URL(route.request().url()).searchParams;
  const from = Number(query.get("cursor") ?? 0), limit = Number(query.get("limit"));
  const items = Array.from({ length: Math.min(limit, ROWS - from) }, (_, i) => rowOf(from + i));
  return route.fulfill(json({ generation: 1, total: ROWS, items, next_cursor: from + limit < ROWS ? String(from + limit) : null }));
});

const longList = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  await manyRows(page);
  await page.goto(`${url}/#/entities/subscribers`);
  await page.locator(`${at("entities")} ${at("row")}`).first().waitFor();
  report.rtl = await page.locator(`${at("entities")} ${at("row")} bdi`).nth(1).textContent();
  const countOf = () => Number(document.querySelector('[data-testid="shown"]').innerText.split(" ")[0].replaceAll(",", ""));
  let shown = await page.evaluate(countOf);
  while (shown < WALKED) {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await page.waitForFunction((before) => Number(document.querySelector('[data-testid="shown"]').innerText.split(" ")[0].replaceAll(",", "")) > before, shown);
    shown = await page.evaluate(countOf);
  }
  report.shown = await page.locator(at("shown")).innerText();
  report.walked = shown;
  const most = (n) => page.waitForFunction((count) => document.querySelectorAll('[data-testid="row"]').length <= count, n, { timeout: 5000 }).catch(() => {});
  await most(ROWS_NEAR);
  report.rowsInDocument = await page.locator(`${at("entities")} ${at("row")}`).count();
  report.lastVisible = await page.evaluate(() => [...document.querySelectorAll('[data-testid="row"]')].filter((e) => e.getBoundingClientRect().top < innerHeight).at(-1)?.textContent);
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator(`${at("entities")} ${at("row")}`).filter({ hasText: "SUB-000000" }).waitFor();
  await page.screenshot({ path: picture(folder, "huge-list") });
  await page.close();
};

// A list that does not come, and one whose next page does not: asked for once, until a person (or 20 seconds) asks again.
const failingList = async (context, report) => {
  const page = await context.newPage();
  listen(page, []);
  const asked = { first: 0, next: 0 };
  let isFailing = "first";
  await manyRows(page);
  await page.route("**/api/v1/subscribers?limit=50&*", (route) => {
    const which = route.request().url().includes("cursor=") ? "next" : "first";
    asked[which]++;
    return which === isFailing ? route.fulfill(json({ status: 504, detail: "The query took longer than 10 s." }, 504)) : route.fallback();
  });
  const again = page.locator(at("list-again")), rows = page.locator(`${at("entities")} ${at("row")}`);
  const frames = async () => { for (let i = 0; i < 10; i++) await drawn(page); };
  await page.goto(`${url}/#/entities/subscribers`);
  await again.waitFor();
  await frames();
  report.failing = { said: await page.locator(at("shown")).innerText(), asked: asked.first };
  isFailing = "next";
  await again.click();
  await rows.first().waitFor();
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await again.waitFor();
  await frames();
  Object.assign(report.failing, { kept: await rows.count(), next: asked.next, axe: await violations(page) });
  await page.screenshot({ path: picture(folder, "failed-next-page") });
  isFailing = "";
  await again.click();
  await page.waitForFunction(() => Number(document.querySelector('[data-testid="shown"]').innerText.split(" ")[0]) > 50);
  report.failing.left = await again.count();
  await page.close();
};

// A row whose id, whose neighbour's id and whose note have a thousand characters, and one from right to left.
const longId = async (context, report) => {
  const id = "W".repeat(1000), rtl = "\u05d0\u05d1\u05d2-\u0627\u0644\u0639";
  const page = await context.newPage();
  listen(page, report.problems);
  const at_ = "2026-11-24T10:00:00Z";
  const answers = {
    [id]: { subscriber_id: id, generation: 1, risk: { churn_probability: 0.9, risk_band: "high", reasons: [{ feature: "total_events", value: 3, contribution: 1 }], model_id: "M".repeat(300), scored_at: at_, before: null }, features: { total_events: 3 }, typical: {} },
    events: { generation: 1, items: [{ event_type: "T".repeat(300), event_timestamp: at_, topic: "t".repeat(300), partition: 0, offset: 1, state: "silver", fields: { oss_tower_id: id, other: rtl } }], next_before: null },
    scores: { generation: 1, items: [] },
    notes: { generation: 1, subscriber_id: id, total: 1, items: [{ at: at_, by: "B".repeat(300), outcome: "other", text: id }] },
    related: { generation: 1, entity: "tower", plural: "towers", days: 7, total: 2, counted: 2, high: null, value_at_risk: null, hours: [], items: [id, rtl].map((one) => ({ oss_tower_id: one, together: { events: 1, newest_at: at_ } })) },
  };
  await page.route("**/api/v1/subscribers/**", (route) => route.fulfill(json(answers[new URL(route.request().url()).pathname.split("/").at(-1)])));
  await page.goto(`${url}/#/entities/subscribers/${id}`);
  await page.locator(`${at("related")} [data-row]`).nth(1).waitFor();
  await settled(page);
  report.longId = { overflow: {}, rtl: await page.locator(`${at("related")} bdi`).nth(1).textContent(), axe: await violations(page) };
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 900 });
    report.longId.overflow[width] = await overflowAtLast(page);
    await page.screenshot({ path: picture(folder, `huge-row-${width}`), fullPage: true });
  }
  await page.close();
};

const manyTypes = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  await page.route("**/api/v1/overview", async (route) => {
    const overview = await (await fetch(`${url}/api/v1/overview`)).json();
    overview.hours = Array.from({ length: 20000 }, (_, i) => ({ hour: new Date(Date.UTC(2026, 10, 24, i % 48)).toISOString(), event_type: `TYPE-${i}`, events: 1 + (i % 7) }));
    await route.fulfill(json(overview));
  });
  await page.goto(url);
  await page.locator(`${at("panel-inflow")} canvas`).waitFor();
  report.types = await page.locator(`${at("panel-inflow")} .legend li`).allInnerTexts();
  report.typesOverflow = await overflowAtLast(page);
  await page.close();
};

// The least of some: what is drawn at the moment is let go a moment later.
const measure = async (client) => {
  const all = [];
  for (let i = 0; i < 8; i++) all.push(await measureOnce(client));
  return all.reduce((least, one) => Object.fromEntries(Object.keys(one).map((name) => [name, Math.min(least[name], one[name])])));
};

const measureOnce = async (client) => {
  await client.send("HeapProfiler.collectGarbage");
  const { metrics } = await client.send("Performance.getMetrics");
  const of = (name) => metrics.find((m) => m.name === name).value;
  return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners") };
};

// The clock of the page is ours: a day goes by in jumps, in each of which everything is asked for that is due. The answers change.
const dayInATab = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  await page.clock.install();
  let asked = 0;
  const answers = new Map(); // of the server, each asked for once: the day is of the page
  await page.route("**/api/v1/**", async (route) => {
    const to = route.request().url();
    if (to.endsWith("/stream")) return route.fulfill({ status: 204 }); // the day goes by without events
    if (!answers.has(to)) answers.set(to, fetch(to).then(async (answer) => ({ status: answer.status, body: await answer.json() })));
    const { status, body } = await answers.get(to);
    if (to.endsWith("/overview")) {
      body.events.last_24h = 1000 + ++asked;
      body.hours.at(-1).events = 1000 + asked;
    }
    return route.fulfill(json(body, status)).catch(() => {}); // the page may be closed already
  });
  await page.goto(url);
  await page.locator(`${at("panel-inflow")} canvas`).waitFor();
  await settled(page);
  const client = await context.newCDPSession(page);
  await client.send("Performance.enable");
  const jump = async () => {
    const before = asked;
    await page.clock.fastForward(DAY_MS / JUMPS);
    for (let tries = 0; asked === before && tries < 20; tries++) {
      await page.clock.runFor(1000);
      await settled(page);
    }
    await settled(page);
  };
  for (let i = 0; i < 16; i++) await jump();
  report.before = await measure(client);
  for (let i = 16; i < JUMPS; i++) await jump();
  report.after = await measure(client);
  report.asked = asked;
  await jump();
  await page.locator(at("figure-events")).filter({ hasText: (1000 + asked).toLocaleString("en") }).waitFor();
  report.drawn = await page.evaluate(() => Math.max(...document.querySelector('[data-testid="chart-hours"]').drawnData.flat().filter((n) => n < 1e6)));
  report.figure = await page.locator(at("figure-events")).innerText();
  report.alarm = await page.locator(at("alarm")).isVisible();
  await page.close();
};

(async () => {
  const browser = await launch();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const report = { problems: [] };
    await longList(context, report);
    await failingList(context, report);
    await longId(context, report);
    await manyTypes(context, report);
    await dayInATab(context, report);
    console.log(JSON.stringify(report));
  } finally {
    await browser.close();
  }
})();
