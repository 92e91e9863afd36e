// node walks.js URL FOLDER: what three people do on the dashboards, step by step, with what they read at each step. It judges nothing:
// test_walks.py does.
"use strict";

const { askAgain, at, drawn, launch, listen, open, overflowAtLast, textsOf, violations } = require("./lib.js");

const [, , url] = process.argv;

const newPage = async (browser, report, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  listen(page, report.problems);
  await page.goto(url);
  await page.locator(`${at("figures")} dt`).first().waitFor();
  return page;
};

const said = (page, id) => page.locator(`[data-answer="${id}"]`).first().innerText();
const answer = (page, id) => page.locator(`[data-answer="${id}"]`).first();
const follow = async (page, id, title) => {
  await answer(page, id).locator("a").first().click();
  await page.locator("#page h1").filter({ hasText: title }).waitFor();
};

// "Who is about to leave, and why?"
const whoLeaves = async (page) => {
  await open(page, "#/entities/subscribers");
  await page.locator(`${at("entities")} ${at("row")}`).first().waitFor();
  const call = await said(page, "whom");
  const why = await said(page, "why");
  await answer(page, "whom").locator("a").click();
  await page.locator("#table-reasons tbody tr").first().waitFor();
  await page.locator(`${at("timeline")} tbody tr`).first().waitFor();
  return { call, why, id: await page.locator("#page h1").innerText(), reasons: await textsOf(page, "#table-reasons tbody tr"), timeline: await page.locator(at("panel-timeline")).innerText() };
};

// "This tower is not as usual: who is there, and what is at stake?"
const whoIsThere = async (page) => {
  await open(page, "#/entities/towers");
  await page.locator(`${at("moves")} tbody tr`).first().waitFor();
  const moves = await textsOf(page, `${at("moves")} tbody tr`);
  await page.waitForFunction(() => document.querySelector('[data-answer="since"] .said'));
  const [since, where] = [await said(page, "since"), await said(page, "where")];
  await page.locator(`${at("moves")} [data-row]`).first().click();
  await page.locator(`${at("related")} [data-row]`).first().waitFor();
  await page.locator(`${at("panel-row-hours")} canvas`).waitFor();
  const seen = { moves, since, where, id: await page.locator("#page h1").innerText(), sums: await page.locator(at("related-sums")).innerText(), rows: await textsOf(page, `${at("related")} tbody tr`), heads: await textsOf(page, `${at("related")} thead th`), hours: await page.locator(at("panel-row-hours")).innerText(), axe: await violations(page) };
  // Who was on it last: both pages look at seven days, each before the newest event of its own row.
  const items = await page.evaluate(async (id) => (await (await fetch(`/api/v1/towers/${id}/related?entity=subscriber&limit=50`)).json()).items, seen.id);
  const last = items.reduce((a, b) => (a.together.newest_at > b.together.newest_at ? a : b));
  await page.locator(`${at("related")} [data-row][title="${last.subscriber_id}"]`).click();
  await page.locator(at("panel-risk")).waitFor();
  await page.locator(`${at("related")} [data-row]`).first().waitFor();
  return { ...seen, back: await page.locator(at("panel-related")).innerText() };
};

// "Why is this number lower than yesterday?"
const whyLower = async (page) => {
  await open(page, "#/overview");
  const figure = await page.locator(at("figure-at-risk")).innerText();
  await page.locator(`${at("panel-changes")} table`).waitFor();
  const changes = await page.locator(at("panel-changes")).innerText();
  await page.locator(at("panel-trend")).filter({ hasText: /so far|Newest/ }).waitFor();
  return { figure, changes, trend: await page.locator(at("panel-trend")).innerText(), inflow: await said(page, "inflow") };
};

// "A sender broke its format": find it, show it, tell.
const brokenFormat = async (page) => {
  await open(page, "#/quality");
  await answer(page, "source").waitFor();
  const source = await said(page, "source");
  const owner = await said(page, "owner");
  await follow(page, "source", "Quality: ");
  await page.locator(`${at("bad-events")} tbody tr`).first().waitFor();
  const first = page.locator(`${at("bad-events")} tbody details`).first();
  await first.locator("summary").click();
  await page.locator(at("payload")).first().waitFor();
  return { source, owner, title: await page.locator("#page h1").innerText(), marked: await page.locator(`${at("payload")} mark`).first().innerText(), tell: await page.locator(".tell code").innerText(), hash: await page.evaluate(() => location.hash) };
};

// "Kafka is down at night": what, since when, what do I type.
const kafkaDown = async (page) => {
  await open(page, "#/overview");
  await page.locator(`${at("overall")} a`).click();
  await page.locator(at("part-kafka")).waitFor();
  return { wrong: await said(page, "wrong"), type: await said(page, "type"), part: await page.locator(at("part-kafka")).innerText(), first: await page.locator(`${at("parts")} h3`).first().innerText() };
};

// "Is this model better than the last one?"
const betterModel = async (page) => {
  await open(page, "#/model");
  await answer(page, "better").waitFor();
  await page.locator(`${at("versions")} tbody tr`).first().waitFor();
  return { better: await said(page, "better"), believe: await said(page, "believe"), versions: await textsOf(page, `${at("versions")} tbody th`) };
};

// Without a mouse: from the first page to a row and back, by the palette and by j and k.
const byKeys = async (page) => {
  const seen = {};
  await open(page, "#/overview");
  await page.keyboard.press("Control+k");
  await page.locator(at("palette-input")).waitFor();
  seen.paletteAxe = await violations(page);
  await page.keyboard.type("subscribers");
  await page.keyboard.press("Enter");
  await page.locator(`${at("entities")} ${at("row")}`).first().waitFor();
  for (const key of ["j", "j", "k", "j"]) await page.keyboard.press(key);
  seen.second = await page.evaluate(() => document.activeElement.textContent);
  seen.rows = (await textsOf(page, `${at("entities")} ${at("row")}`)).slice(0, 2);
  await page.keyboard.press("Enter");
  await page.locator(at("entity-id")).waitFor();
  seen.opened = await page.locator(at("entity-id")).innerText();
  seen.focused = await page.evaluate(() => document.activeElement.tagName);
  await page.goBack();
  await page.locator(`${at("entities")} ${at("row")}`).first().waitFor();
  await page.keyboard.press("/");
  seen.searching = await page.evaluate(() => document.activeElement.dataset.testid);
  await page.keyboard.type(seen.opened);
  await page.waitForFunction((id) => location.hash.includes(`search=${id}`), seen.opened);
  await page.locator(at("shown")).filter({ hasText: "1 of 1 " }).waitFor();
  await page.locator("body").click({ position: { x: 5, y: 400 } });
  await page.keyboard.press("?");
  await page.locator(at("keys-dialog")).waitFor();
  seen.keysAxe = await violations(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("1");
  await page.waitForFunction(() => location.hash === "#/overview");
  await page.keyboard.press("Control+k");
  await page.locator(at("palette-input")).waitFor();
  await page.keyboard.type(seen.opened);
  await page.locator("#palette li").filter({ hasText: seen.opened }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(at("entity-id")).waitFor();
  seen.found = await page.locator(at("entity-id")).innerText();
  return seen;
};

// What the tab order reaches on the first page, until it leaves it.
const byTab = async (page) => {
  await page.goto(url);
  await page.locator(`${at("figures")} dt`).first().waitFor();
  const reached = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const e = document.activeElement, style = getComputedStyle(e);
      return { name: e.id || e.textContent.trim().slice(0, 40), outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, body: e === document.body };
    });
    if (found.body) break;
    reached.push(found);
  }
  return reached;
};

// High contrast: what colour alone said is there by other means.
const forcedColours = async (browser, report) => {
  const page = await newPage(browser, report, { forcedColors: "active" });
  await page.locator(`${at("panel-inflow")} canvas`).waitFor();
  const seen = await page.evaluate(() => ({
    badge: getComputedStyle(document.querySelector(".badge")).borderTopWidth,
    swatch: getComputedStyle(document.querySelector(".swatch[data-kind=bar]")).forcedColorAdjust,
    current: getComputedStyle(document.querySelector(".nav a[aria-current]")).outlineStyle,
  }));
  await page.context().close();
  return seen;
};

const reducedMotion = async (browser, report) => {
  const page = await newPage(browser, report, { reducedMotion: "reduce" });
  const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((e) => getComputedStyle(e).transitionDuration.split(", ").some((d) => parseFloat(d) > 0) || getComputedStyle(e).animationName !== "none").length);
  await page.context().close();
  return moving;
};

// What a person selected stays, also when newer data come; and what is typed stays in its field.
const selection = async (page) => {
  await open(page, "#/overview");
  await page.locator(`${at("figure-events")} dd`).first().waitFor();
  await page.evaluate(() => {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector('[data-testid="figure-events"] dd'));
    document.getSelection().removeAllRanges();
    document.getSelection().addRange(range);
  });
  let asked = 0;
  await page.route("**/api/v1/overview", async (route) => {
    const body = await (await route.fetch({ headers: {} })).json();
    body.events.last_24h += ++asked * 1000;
    await route.fulfill({ status: 200, contentType: "application/json", body: JSON.stringify(body) });
  });
  const before = await page.evaluate(() => document.getSelection().toString());
  for (let i = 0; i < 2; i++) {
    const answered = page.waitForResponse("**/api/v1/overview");
    await askAgain(page);
    await (await answered).finished();
    await drawn(page);
  }
  const during = await page.evaluate(() => ({ selected: document.getSelection().toString(), text: document.querySelector('[data-testid="figure-events"] dd').textContent }));
  await page.evaluate(() => document.getSelection().removeAllRanges());
  await page.waitForFunction((old) => document.querySelector('[data-testid="figure-events"] dd').textContent !== old, during.text);
  await page.unroute("**/api/v1/overview");
  return { before, during };
};

// A list that is filtered, sent to somebody, kept and saved.
const listForSomebody = async (page) => {
  const seen = {};
  await open(page, "#/entities/subscribers");
  const first = page.locator(`${at("entities")} ${at("row")}`).first();
  await first.waitFor();
  seen.all = await page.locator(at("shown")).innerText();
  await page.locator(at("band")).selectOption("high");
  await page.locator(at("shown")).filter({ hasNotText: seen.all }).waitFor();
  await page.locator(at("condition")).click();
  await page.locator('#page select[name="column"]').selectOption("total_events");
  await page.locator('#page input[name="amount"]').fill("5");
  await page.locator("#page form button", { hasText: "Show these" }).click();
  await page.locator(at("shown")).filter({ hasText: "at least 5" }).waitFor();
  await page.locator(at("sort-total_events")).click();
  await page.locator(at("shown")).filter({ hasText: "highest events first" }).waitFor();
  seen.hash = await page.evaluate(() => location.hash);
  seen.shown = await page.locator(at("shown")).innerText();
  seen.rows = await textsOf(page, `${at("entities")} ${at("row")}`);
  await page.locator(at("views")).click();
  seen.menuOverflow = await overflowAtLast(page);
  const isOpen = () => page.evaluate(() => document.querySelectorAll("details.menu[open]").length);
  await page.locator('#page input[name="name"]').focus();
  await page.keyboard.press("Escape");
  seen.afterEsc = [await isOpen(), await page.evaluate(() => document.activeElement.dataset.testid)];
  await page.locator(at("views")).click();
  await page.locator("#page h1").click();
  seen.afterPress = await isOpen();
  await page.locator(at("views")).click();
  await page.locator('#page input[name="name"]').fill("Lively and at risk");
  await page.locator("#page form button", { hasText: "Keep" }).click();
  seen.axe = await violations(page);
  const [saved] = await Promise.all([page.waitForEvent("download"), page.locator(at("csv")).click()]);
  seen.csv = require("node:fs").readFileSync(await saved.path(), "utf8").split(/\r?\n/).slice(0, 3);
  // somebody else opens the address
  const other = await page.context().newPage();
  await other.goto(`${url}/${seen.hash}`);
  await other.locator(`${at("entities")} ${at("row")}`).first().waitFor();
  seen.other = await other.locator(at("shown")).innerText();
  await other.locator(at("views")).click();
  seen.views = await textsOf(other, "#page .view a");
  await other.close();
  await page.goBack();
  await page.locator(at("shown")).filter({ hasNotText: "highest events first" }).waitFor();
  seen.back = await page.evaluate(() => location.hash);
  return seen;
};

// Each part in turn is said to be down: it comes first, with the time since when and what to type.
const partsDown = async (page) => {
  const status = await (await fetch(`${url}/api/v1/status`)).json();
  const seen = {};
  let down = null;
  await page.route("**/api/v1/status", (route) => route.fulfill({ status: 200, contentType: "application/json", body: JSON.stringify({ ...status, state: "down", summary: `${down.title} is down.`,
    components: status.components.map((c) => (c.name === down.name ? { ...c, state: "down", detail: `It broke. Run \`smelt ${c.name}\`.`, since: new Date(Date.now() - 75 * 60000).toISOString() } : { ...c, state: "ok" })) }) }));
  for (down of status.components) {
    await open(page, "#/status");
    await askAgain(page);
    const first = page.locator(`${at("parts")} h3`).first();
    await page.locator('[data-answer="type"] code', { hasText: `smelt ${down.name}` }).waitFor();
    seen[down.title] = { first: await first.innerText(), overall: await page.locator(at("overall")).innerText(), wrong: await said(page, "wrong"), type: await page.locator('[data-answer="type"] code').innerText(), name: down.name };
  }
  await page.unroute("**/api/v1/status");
  await askAgain(page);
  return seen;
};

(async () => {
  const browser = await launch();
  try {
    const report = { problems: [] };
    const page = await newPage(browser, report);
    const walks = { whoLeaves, whoIsThere, whyLower, brokenFormat, kafkaDown, betterModel, byKeys, listForSomebody, byTab, selection, partsDown };
    for (const [name, walk] of Object.entries(walks)) report[name] = await walk(page);
    report.forcedColours = await forcedColours(browser, report);
    report.moving = await reducedMotion(browser, report);
    console.log(JSON.stringify(report));
  } finally {
    await browser.close();
  }
})();
