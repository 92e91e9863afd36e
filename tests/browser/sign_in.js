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
  await submit(page, process.env.TOKEN);
  await page.locator(`${at("figures")} dt`).first().waitFor();
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
