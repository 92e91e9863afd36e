// node strange.js URL: opens pages in unusual circumstances: the clock of the browser is wrong, another time range is chosen, nothing was read for a while, a field
// lies inside a list, an id has a quote. It prints what stood there as JSON and judges nothing: test_strange.py does.
"use strict";

const { json, launch, listen, open, settled } = require("./lib.js");

const [, , url] = process.argv;
const said = (page, id) => page.locator(`[data-answer="${id}"]`).first().innerText();

const visitPage = async (context, hash, look, prepare = async () => {}) => {
  const page = await context.newPage();
  listen(page, context.problems);
  await prepare(page);
  await page.goto(`${url}/${hash}`);
  await settled(page);
  const seen = await look(page);
  await page.close();
  return seen;
};

// Three days ahead.
const wrongClock = (page) => page.addInitScript(() => {
  const Real = Date, by = 3 * 86400000;
  window.Date = class extends Real {
    constructor(...given) {
      super(...(given.length > 0 ? given : [Real.now() + by]));
    }

    static now() {
      return Real.now() + by;
    }
  };
});

// What one changes of an answer of the server.
const changed = (page, address, change) => page.route(address, async (route) => {
  const answer = await route.fetch();
  await route.fulfill(json(change(await answer.json())));
});
const minutesAgo = (minutes) => new Date(Math.floor(Date.now() / 60000 - minutes) * 60000).toISOString();
const readAt = (...minutes) => (page) => changed(page, "**/api/v1/throughput?*", (body) => ({ ...body, step_s: 60, to: new Date().toISOString(),
  points: minutes.map((one) => ({ at: minutesAgo(one), landed: 6000, duplicates: 0, rejected: 0, gaps: 0, batches: 1, rows_per_s: 100 })) }));
const waiting = (page) => page.route("**/api/v1/partitions", (route) => route.fulfill(json({ generation: 1, partitions: [{ topic: "t", epoch: 1, partition: 0, next_offset: 10, end_offset: 3010, lag: 3000, updated_at: minutesAgo(1) }] })));
const rate = async (context, ...minutes) => visitPage(context, "#/pipeline", (page) => said(page, "rate"), async (page) => {
  await waiting(page);
  await readAt(...minutes)(page);
});

// An event whose bad field is inside a list, and a number with more digits than a browser has.
const MESSAGE = { state: "quarantine", event_type: "order", rule: "minimum", field: "items[1].price", path: "items[1].price", value: "-1", contract: null,
  payload_text: '{"serial":12345678901234567890,"share":1.10,"items":[{"price":1},{"price":-1}]}' };
const insideList = (context) => visitPage(context, "#/quality?rule=range&layer=silver", async (page) => {
  await page.locator('[data-testid="bad-events"] details summary').first().click();
  await page.locator('[data-testid="payload"]').first().waitFor();
  return page.evaluate(() => ({ text: document.querySelector('[data-testid="payload"]').innerText, marks: [...document.querySelectorAll('[data-testid="payload"] mark')].map((e) => e.innerText) }));
}, (page) => Promise.all([
  page.route("**/api/v1/quarantine?*", (route) => route.fulfill(json({ generation: 1, next_before: null, items: [{ topic: "t", partition: 0, offset: 1, event_type: "order", event_timestamp: minutesAgo(9), rule: "minimum", field: "items[1].price", value: "-1", reason: "must be at least 0" }] }))),
  page.route("**/api/v1/messages?*", (route) => route.fulfill({ status: 200, contentType: "application/json", body: JSON.stringify(MESSAGE) })),
]));

// The chart of what did not pass: the sum of its table, and the words below it.
const chartSum = async (page) => {
  await page.locator("#table-values-quality").waitFor({ state: "attached" });
  return page.evaluate(() => ({ words: document.querySelector("#panel-trend .chart-words").innerText,
    sum: [...document.querySelectorAll("#table-values-quality tbody td.num")].reduce((sum, cell) => sum + Number(cell.dataset.value), 0) }));
};

const curlOf = (context) => visitPage(context, "#/entities/subscribers/O'Brien", async (page) => {
  await page.locator("#panel-timeline summary", { hasText: "Data" }).click();
  await page.locator("#panel-timeline button", { hasText: "Copy as curl" }).first().click();
  return page.evaluate(() => navigator.clipboard.readText());
});

// A page whose module does not come is opened; then the server answers again.
const awayAndBack = async (browser) => {
  const context = await browser.newContext(); // which has nothing in its cache
  const page = await context.newPage();
  await page.goto(url);
  await settled(page);
  await context.setOffline(true);
  await page.locator("#alarm").filter({ hasText: "does not answer" }).waitFor();
  await open(page, "#/quality");
  await page.locator("#page h1").filter({ hasNotText: "Overview" }).waitFor();
  const away = await page.locator("#page").innerText();
  await context.setOffline(false);
  await page.locator("#page h1").filter({ hasText: "Quality" }).waitFor();
  await context.close();
  return away;
};

// A server that has just begun has looked at no part.
const BEGUN = { state: "unknown", summary: "The parts are being checked for the first time.", components: [] };
const begun = (context, hash, id) => visitPage(context, hash, async (page) => {
  await page.locator(`[data-answer="${id}"] .note`).waitFor();
  return page.locator(`[data-answer="${id}"]`).locator(".said, .note").allInnerTexts();
}, (page) => page.route("**/api/v1/status", (route) => route.fulfill(json(BEGUN))));

// All parts work, then no request is answered, then all are again.
const lost = async (browser) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  let isAway = false;
  await page.route("**/api/**", (route) => (isAway ? route.abort() : route.fallback()));
  await page.route("**/api/v1/status", (route) => (isAway ? route.abort() : route.fulfill(json({ state: "ok", summary: "", checked_at: minutesAgo(0), components: [{ name: "kafka", title: "Kafka", state: "ok", detail: "" }] }))));
  await page.goto(url);
  const well = page.locator('[data-answer="well"] .said');
  await well.filter({ hasText: "All parts work" }).waitFor();
  isAway = true;
  await page.locator("#alarm").filter({ hasText: "does not answer" }).waitFor();
  const away = await well.innerText();
  isAway = false;
  await page.locator("#alarm").waitFor({ state: "hidden" });
  const back = await well.innerText();
  await context.close();
  return { away, back };
};

// A tab of before an update, of which the server has other pages now: loaded a moment ago, then half a minute ago. One that opens a page there shows it, and from where
// it is loaded. How often it was loaded.
const ofBefore = async (context, seconds) => {
  const page = await context.newPage();
  listen(page, context.problems);
  let loaded = 0;
  await page.route(`${url}/`, async (route) => {
    const answer = await route.fetch();
    const body = await answer.text();
    loaded += 1;
    await route.fulfill({ response: answer, body: loaded === 1 ? body.replace(/v-[0-9a-f]{16}/g, "v-0123456789abcdef") : body });
  });
  await page.goto(url);
  await page.locator("#page h1").filter({ hasText: "Overview" }).waitFor();
  await page.evaluate((by) => { performance.now = () => by * 1000; }, seconds);
  await open(page, "#/quality");
  await page.locator("#page h1").filter({ hasText: "Quality" }).waitFor();
  await settled(page);
  const isOld = await page.evaluate(() => document.querySelector('script[type="module"]').src.includes("v-0123456789abcdef"));
  const answer = await page.locator("[data-answer]").first().innerText();
  await page.close();
  return { loaded, isOld, hasAnswer: answer !== "" };
};

const one = (page) => changed(page, "**/api/v1/overview", (body) => ({ ...body, layers: body.layers.map((layer) => ({ ...layer, row_count: 1 })) }));

(async () => {
  const browser = await launch();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", permissions: ["clipboard-read", "clipboard-write"] });
    context.problems = [];
    const worse = (page) => said(page, "worse");
    const report = {
      clock: { right: await visitPage(context, "#/quality", worse), wrong: await visitPage(context, "#/quality", worse, wrongClock), day: await visitPage(context, "#/status", (page) => said(page, "day")), dayWrong: await visitPage(context, "#/status", (page) => said(page, "day"), wrongClock) },
      ranges: {}, sums: {},
      rates: { now: await rate(context, 4, 3, 2, 1), gaps: await rate(context, 50, 4, 1), stopped: await rate(context, 42, 41, 40), never: await rate(context) },
      insideList: await insideList(context),
      curl: await curlOf(context),
      layers: await visitPage(context, "#/overview", async (page) => {
        await page.locator('[data-testid="layers"] .big').first().waitFor();
        return page.locator('[data-testid="layers"] .big').allInnerTexts();
      }, one),
      dots: await visitPage(context, "#/entities/subscribers/..", async (page) => page.evaluate(() => [...document.querySelectorAll("smelt-panel")].map((e) => e.id))),
      away: await awayAndBack(browser),
      begun: { overview: await begun(context, "#/overview", "well"), status: await begun(context, "#/status", "wrong") },
      lost: await lost(browser),
      updated: { young: await ofBefore(context, 5), old: await ofBefore(context, 40) },
    };
    for (const from of ["-6h", "-24h", "-48h", "-7d", "-30d"]) {
      report.ranges[from] = await visitPage(context, `#/quality?from=${from}`, worse);
      report.sums[from] = await visitPage(context, `#/quality?from=${from}`, chartSum);
    }
    report.names = {};
    for (const hash of ["#/constructor", "#/__proto__", "#/entities/toString", "#/toString/x"]) report.names[hash] = await visitPage(context, hash, (page) => page.locator("#page h1").innerText());
    report.problems = context.problems.filter((p) => p.startsWith("script:"));
    console.log(JSON.stringify(report));
  } finally {
    await browser.close();
  }
})();
