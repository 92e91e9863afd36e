// node partly.js URL: opens pages of which some addresses fail, and prints the answers that stand there as JSON. It judges nothing: test_partly.py does.
"use strict";

const { json, launch, listen, open, settled } = require("./lib.js");

const [, , url] = process.argv;
const FAILED = json({ status: 504, title: "Gateway Timeout", detail: "The query took longer than 10 s." }, 504);

// A page, and the ends of the addresses that fail there.
const CASES = {
  overview: ["#/overview", [/\/changes\?/, /\/subscribers\?limit=1&/]],
  status: ["#/status", [/\/system$/, /\/status\/history/]],
  pipeline: ["#/pipeline", [/\/partitions$/, /\/throughput/, /\/latency/, /\/audit$/]],
  quality: ["#/quality", [/\/quality\/contracts$/]],
  model: ["#/model", [/\/overview$/]],
  list: ["#/entities/subscribers", [/\/features$/]],
  others: ["#/entities/towers", [/\/features$/]],
};

const textOf = (page) => page.evaluate(() => ({ answers: Object.fromEntries([...document.querySelectorAll("[data-answer]")].map((e) => [e.dataset.answer, e.innerText.trim()])), text: document.querySelector("#page").innerText }));

const visitCase = async (context, [hash, failing], problems) => {
  const page = await context.newPage();
  listen(page, problems);
  await page.route("**/api/v1/**", (route) => (failing.some((end) => end.test(route.request().url())) ? route.fulfill(FAILED) : route.continue()));
  await page.route("**/api/v1/status", async (route) => { // of what is down nothing is asked
    const answer = await route.fetch(), body = await answer.json();
    await route.fulfill(json({ ...body, state: "ok", components: body.components.map((one) => ({ ...one, state: "ok" })) }));
  });
  await page.goto(url);
  await open(page, hash);
  await page.waitForFunction((to) => location.hash === to && document.querySelector("[data-answer]"), hash);
  await settled(page);
  const seen = await textOf(page);
  await page.close();
  return seen;
};

// In the last days every tower has less of everything, as a sum over fewer days has.
const oneWay = async (context) => {
  const page = await context.newPage();
  await page.route("**/api/v1/towers?*", async (route) => {
    const answer = await route.fetch(), body = await answer.json();
    for (const row of body.items) for (const name of Object.keys(row)) {
      const usual = row[name.replace(/_\d+d$/, "")];
      if (/_\d+d$/.test(name) && typeof usual === "number") row[name] = usual - 1;
    }
    await route.fulfill(json(body));
  });
  await page.goto(url);
  await open(page, "#/entities/towers");
  await page.locator('[data-answer="usual"]').waitFor();
  await settled(page);
  return (await textOf(page)).text;
};

// What a token without the scope admin sees.
const notAdmin = async (context) => {
  const page = await context.newPage();
  await page.route("**/api/v1/system", async (route) => {
    const answer = await route.fetch(), body = await answer.json();
    await route.fulfill(json({ ...body, settings: null, backup: null }));
  });
  await page.goto(url);
  await open(page, "#/status");
  await page.locator("#panel-system dl").waitFor();
  return page.locator("#panel-system").innerText();
};

// A number of seven digits is the widest that is written out.
const wideNumbers = async (context) => {
  const page = await context.newPage();
  await page.route("**/api/v1/overview", async (route) => {
    const answer = await route.fetch(), body = await answer.json();
    Object.assign(body.events, { last_24h: 8888888 });
    Object.assign(body.subscribers, { total: 8888888, at_risk: 8888888, mean_bills_zmw: 8888888, mean_bills_at_risk_zmw: 8888888 });
    await route.fulfill(json(body));
  });
  await page.goto(url);
  await settled(page);
  const wider = {};
  for (const width of [320, 390, 640, 700, 780, 960, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(100); // a frame or two
    wider[width] = await page.evaluate(() => Math.max(0, ...[...document.querySelectorAll(".figures dd:not(.note)")].map((e) => e.scrollWidth - e.clientWidth)));
  }
  return wider;
};

(async () => {
  const browser = await launch();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
    const report = { pages: {}, problems: [] };
    for (const [name, what] of Object.entries(CASES)) report.pages[name] = await visitCase(context, what, report.problems);
    report.oneWay = await oneWay(context);
    report.notAdmin = await notAdmin(context);
    report.wider = await wideNumbers(context);
    report.problems = report.problems.filter((p) => p.startsWith("script:"));
    console.log(JSON.stringify(report));
  } finally {
    await browser.close();
  }
})();
