// node sign_in.js URL: signs in to a server with tokens (TOKEN) in Chromium (CHROMIUM), signs out
// again, and prints what it saw as JSON. It judges nothing: test_sign_in.py does.
"use strict";

const { chromium } = require("playwright-core");
const axe = require("axe-core");

const [, , url] = process.argv;
const at = (id) => `[data-testid="${id}"]`;

const violations = async (page) => {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  return found.violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
};

const submit = async (page, token) => {
  await page.locator(at("token")).fill(token);
  await page.locator(at("submit")).click();
};

// The session ends while somebody types: the text stays, and is sent after signing in in another tab.
const typeOverTheEnd = async (page, context) => {
  await page.evaluate(async () => { location.hash = `#/entities/subscribers/${(await (await fetch("/api/v1/subscribers?limit=1")).json()).items[0].subscriber_id}`; });
  await page.locator(`${at("note")} textarea`).fill("calls back on Monday");
  await context.clearCookies();
  await page.locator(`${at("note-failed")} a`).waitFor();
  const failed = await page.locator(at("note-failed")).innerText();
  const [other] = await Promise.all([context.waitForEvent("page"), page.locator(`${at("note-failed")} a`).click()]);
  await submit(other, process.env.TOKEN);
  await other.locator(`${at("figures")} dt`).first().waitFor();
  await other.close();
  await page.locator(`${at("note")} button`).click();
  await page.locator(at("note-said")).filter({ hasText: "Kept" }).waitFor();
  return failed;
};

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  const context = await browser.newContext({ reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(60000);
  const report = { problems: [] };
  page.on("pageerror", (error) => report.problems.push(`script: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("401")) report.problems.push(`console: ${message.text()}: ${message.location().url}`);
  });
  await page.goto(url);
  await page.locator(at("token")).waitFor(); // the dashboard sent us here
  report.axe = await violations(page);
  await submit(page, "smelt_wrong");
  await page.locator(at("alarm")).waitFor();
  report.refused = await page.locator(at("alarm")).innerText();
  await submit(page, "smelt_41f2\u2026");
  report.cut = await page.locator(at("alarm")).innerText();
  await submit(page, process.env.TOKEN);
  await page.locator(`${at("figures")} dt`).first().waitFor();
  report.typed = await typeOverTheEnd(page, context);
  report.cookies = (await context.cookies()).map(({ name, httpOnly, sameSite, secure }) => ({ name, httpOnly, sameSite, secure }));
  report.readable = await page.evaluate(() => document.cookie);
  await page.locator(at("session")).click();
  await page.locator(at("sign-out")).waitFor();
  report.who = await page.locator(at("who")).innerText();
  await page.locator(at("sign-out")).click();
  await page.locator(at("token")).waitFor();
  report.after = (await context.cookies()).length;
  await page.goto(url);
  await page.locator(at("token")).waitFor();
  report.again = new URL(page.url()).pathname;
  await browser.close();
  console.log(JSON.stringify(report));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
