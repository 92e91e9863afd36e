// node changes.js URL ADMIN READER FOLDER: what people change on the pages: a note of a call, the state of a group, the model in use; with a token
// that may and one that may not. It judges nothing: test_changes.py does.
"use strict";

const { at, json, launch, listen, open, overflowAtLast, picture, setTheme, settled, textsOf, violations } = require("./lib.js");

const [, , url, admin, reader, folder] = process.argv;
const EVIL = "<img src=x onerror=\"document.title='broken'\">\nsecond line";
const contextOf = (browser, token) => browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light", reducedMotion: "reduce", extraHTTPHeaders: { Authorization: `Bearer ${token}` } });

// In both themes: axe; in three widths: does it fit?
const look = async (page, name, report) => {
  const seen = { axe: [], overflow: {} };
  for (const theme of ["light", "dark"]) {
    await setTheme(page, theme);
    seen.axe.push(...(await violations(page)));
    for (const width of theme === "light" ? [1280, 390, 320] : [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      if (theme === "light") seen.overflow[width] = await overflowAtLast(page);
      if (width > 320) await page.screenshot({ path: picture(folder, `changes-${name}-${width}-${theme}`), fullPage: true });
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  }
  await setTheme(page, "light");
  report.looks[name] = seen;
};

const said = (page, id) => page.locator(at(`${id}-said`)).filter({ hasText: "Kept" }).innerText();

// By the keyboard alone: to the form, an outcome by its letter, a text, and sent.
const noteCall = async (page, report) => {
  await page.locator(at("outcome")).focus();
  await page.keyboard.press("S");
  await page.keyboard.press("Tab");
  await page.keyboard.insertText(EVIL);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  report.said = await said(page, "note");
  await page.locator(`${at("notes")} tbody td`).first().waitFor();
  await page.locator(`${at("notes")} .written`).first().waitFor();
  report.focused = await page.evaluate(() => document.activeElement.textContent);
  report.written = await page.locator(`${at("notes")} .written`).first().textContent();
  report.row = (await textsOf(page, `${at("notes")} tbody tr`))[0];
  report.images = await page.locator("#page img").count();
  report.title = await page.title();
};

// What was refused, or not answered, is still there, and is sent again under the same key.
const noteRefused = async (page, report) => {
  const keys = [];
  await page.route("**/notes", (route) => {
    if (route.request().method() !== "POST") return route.continue();
    keys.push(route.request().headers()["idempotency-key"]);
    return keys.length === 1 ? route.abort() : keys.length === 2 ? route.fulfill(json({ status: 503, detail: "The file of notes cannot be written." }, 503)) : route.continue();
  });
  await page.locator(at("text")).fill("calls back");
  const send = () => page.locator(`${at("note")} button`).click();
  const failed = page.locator(at("note-failed"));
  await send();
  report.silent = await failed.filter({ hasText: /./ }).innerText();
  await send();
  report.refused = await failed.filter({ hasText: "file" }).innerText();
  report.kept = await page.locator(at("text")).inputValue();
  await look(page, "note-refused", report);
  await send();
  await said(page, "note");
  report.after = await page.locator(at("text")).inputValue();
  report.keys = keys;
  await page.unroute("**/notes");
};

const callSomebody = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  await page.goto(`${url}/#/entities/subscribers`);
  await page.locator(`${at("entities")} ${at("row")}`).first().waitFor();
  report.marksBefore = await page.locator(at("mark")).count();
  const id = await page.locator(`${at("entities")} ${at("row")}`).nth(1).getAttribute("title");
  await open(page, `#/entities/subscribers/${encodeURIComponent(id)}`);
  await page.locator(at("note")).waitFor();
  await settled(page);
  await noteCall(page, report);
  await look(page, "note", report);
  const problems = report.problems.splice(0);
  await noteRefused(page, report);
  report.problems.splice(0, Infinity, ...problems); // what was refused on purpose
  await open(page, "#/entities/subscribers");
  await page.locator(at("mark")).first().waitFor();
  report.marked = await page.locator(`${at("entities")} tbody tr`, { has: page.locator(at("mark")) }).evaluateAll((rows) => rows.map((row) => row.querySelector('[data-testid="row"]').title));
  report.mark = await page.locator(at("mark")).first().innerText();
  report.id = id;
  await look(page, "list", report);
  await page.close();
};

// Who is not called yet, and who was with which outcome: by a filter that is in the address.
const filterCalls = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  const late = (pattern, ms) => page.route(pattern, async (route) => {
    await new Promise((done) => setTimeout(done, ms));
    await route.continue();
  });
  await late("**/notes/lookup", 500); // the marks of the list before come while the next one is on the way
  await late(/noted=no/, 3000);
  const marked = page.waitForResponse(/notes\/lookup/);
  await page.goto(`${url}/#/entities/subscribers`);
  const shown = page.locator(at("shown")), first = page.locator(`${at("entities")} ${at("row")}`).first();
  const ids = () => page.locator(`${at("entities")} ${at("row")}`).evaluateAll((links) => links.map((link) => link.title));
  await first.waitFor();
  report.calls = { all: await shown.innerText(), hashes: {} };
  for (const [noted, words] of [["no", "only not called yet"], ["yes", "only called"], ["reached", "only called: reached"], ["leaves", "only called: leaves"]]) {
    await page.locator(at("noted")).selectOption(noted);
    if (noted === "no") {
      await marked;
      await page.evaluate(() => new Promise((done) => setTimeout(done, 100)));
      report.calls.meanwhile = await shown.innerText();
      await page.unroute("**/notes/lookup");
    }
    await shown.filter({ hasText: words }).waitFor();
    report.calls[noted] = { shown: await shown.innerText(), ids: await ids() };
    report.calls.hashes[noted] = await page.evaluate(() => location.hash);
  }
  await open(page, report.calls.hashes.reached);
  await page.reload();
  await first.waitFor();
  report.calls.again = { chosen: await page.locator(at("noted")).inputValue(), ids: await ids() };
  const [saved] = await Promise.all([page.waitForEvent("download"), page.locator(at("csv")).click()]);
  report.calls.csv = require("node:fs").readFileSync(await saved.path(), "utf8").trim().split(/\r?\n/).length;
  await settled(page);
  await look(page, "calls", report);
  await page.close();
};

// Who may ask this server: names, scopes, until when and when last; for those who may know.
const readTokens = async (context, name, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  const asked = [];
  page.on("request", (request) => { if (request.url().endsWith("/system/tokens")) asked.push(request.url()); });
  await page.goto(`${url}/#/status`);
  await page.locator(at("panel-tokens-for")).filter({ hasText: /./ }).waitFor();
  await settled(page);
  report[name] = { text: await page.locator(at("panel-tokens-for")).innerText(), rows: await textsOf(page, `${at("tokens")} tbody tr`), asked: asked.length };
  await look(page, name, report);
  await page.close();
};

const accept = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  await page.goto(`${url}/#/quality`);
  await page.locator(`${at("groups")} [data-row]`).first().waitFor();
  const rules = () => page.locator(`${at("groups")} [data-row]`).evaluateAll((links) => links.map((link) => link.hash));
  report.groups = await rules();
  report.worseBefore = await page.locator('[data-answer="since"]').innerText();
  await page.locator(`${at("groups")} [data-row]`).first().click();
  await page.locator(at("group-state")).waitFor();
  report.before = await page.locator(at("group-review")).innerText();
  await page.locator(at("state")).selectOption("accepted");
  await page.locator(at("text")).fill("known; mended in May");
  await page.locator(`${at("group-state")} button`).click();
  report.groupSaid = await said(page, "group-state");
  await page.locator(at("group-review")).filter({ hasText: "Accepted" }).waitFor();
  report.panel = await page.locator(at("panel-state")).innerText();
  await look(page, "group", report);
  await open(page, "#/quality?review=waits");
  await page.locator(`${at("groups")} [data-row]`).first().waitFor();
  await settled(page);
  report.waiting = await rules();
  report.sinceAfter = await page.locator('[data-answer="since"]').innerText();
  await page.locator(at("review")).selectOption("accepted");
  await page.waitForFunction(() => location.hash.includes("review=accepted") && document.querySelectorAll('[data-testid="groups"] [data-row]').length === 1);
  report.accepted = await rules();
  await look(page, "quality", report);
  await page.close();
};

// The server is asked when the person has said yes; it answers that it goes on, and later that it is done.
const promoteOne = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  const asked = [];
  let operations = 0;
  const operation = (state) => ({ id: "op-1", kind: "promote", target: "m", state, by: "admin", started_at: "2026-01-01T00:00:00Z", finished_at: null, result: null, error: null });
  await page.route("**/promote", (route) => {
    const headers = route.request().headers();
    asked.push({ method: route.request().method(), path: new URL(route.request().url()).pathname, key: headers["idempotency-key"], deliberate: headers["smelt-request"], content: route.request().postData() });
    return asked.length === 1 ? route.fulfill({ ...json(operation("running")), status: 202 }) : route.fulfill(json({ status: 405, detail: "This address answers GET." }, 405));
  });
  await page.route("**/operations/op-1", (route) => route.fulfill(json(operation(++operations > 1 ? "done" : "running"))));
  await page.goto(`${url}/#/model`);
  const button = page.locator(at("promote"));
  await button.first().waitFor();
  report.buttons = await button.count();
  await settled(page);
  await button.first().click();
  await page.locator(at("confirm")).waitFor();
  report.question = await page.locator(at("confirm")).innerText();
  await look(page, "confirm", report);
  await page.keyboard.press("Escape");
  report.back = await page.evaluate(() => document.activeElement.dataset.testid);
  report.askedAfterNo = asked.length;
  await button.first().click();
  await page.locator(at("confirm-yes")).click();
  report.promoted = await page.locator(at("promoted")).filter({ hasText: "in use" }).innerText();
  await look(page, "versions", report);
  await button.first().click();
  await page.locator(at("confirm-yes")).click();
  report.unable = await page.locator(at("why-not")).filter({ hasText: "cannot" }).innerText();
  report.disabled = await button.first().isDisabled();
  report.asked = asked;
  report.problems = report.problems.filter((p) => !p.includes("405"));
  await page.close();
};

const readOnly = async (context, report) => {
  const page = await context.newPage();
  listen(page, report.problems);
  await page.goto(`${url}/#/model`);
  report.whyNot = await page.locator(at("why-not")).innerText();
  report.readerButtons = await page.locator(at("promote")).count();
  await open(page, report.groups[0]);
  await page.locator(at("panel-state")).filter({ hasText: "scope" }).waitFor();
  report.readerState = await page.locator(at("panel-state")).innerText();
  report.readerForms = await page.locator(at("group-state")).count();
  await page.close();
};

(async () => {
  const browser = await launch();
  try {
    const report = { problems: [], looks: {} };
    const context = await contextOf(browser, admin);
    await callSomebody(context, report);
    await filterCalls(context, report);
    await readTokens(context, "tokens", report);
    await accept(context, report);
    await promoteOne(context, report);
    const mayRead = await contextOf(browser, reader);
    await readOnly(mayRead, report);
    await readTokens(mayRead, "no-tokens", report);
    console.log(JSON.stringify(report));
  } finally {
    await browser.close();
  }
})();
