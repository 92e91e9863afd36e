// What the visits share: a Chromium, what went wrong on its pages, and what axe finds. It judges nothing: the tests in Python do.
"use strict";

const path = require("node:path");
const { chromium } = require("playwright-core");
const axe = require("axe-core");

const at = (id) => `[data-testid="${id}"]`;

// What went wrong that a person need not see: complaints of the console, scripts that ended, requests that failed.
const listen = (page, problems) => {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}: ${message.location().url}`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  const unchanged = new Set(); // a 304 to a script that asked for it: Chromium calls it aborted
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`request: ${response.url()}: ${response.status()}`);
    if (response.status() === 304) unchanged.add(response.request());
  });
  page.on("requestfailed", (request) => {
    const left = request.failure().errorText === "net::ERR_ABORTED"; // another page was opened
    if (!unchanged.has(request) && !left) problems.push(`request: ${request.url()}: ${request.failure().errorText}`);
  });
};

const violations = async (page) => {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  return found.violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
};

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// The chart follows its column in a later frame: one that never fits is what a test wants to know.
const overflowAtLast = async (page) => {
  for (let tries = 0; tries < 50 && (await overflow(page)) > 0; tries++) await new Promise((later) => { setTimeout(later, 100); });
  return overflow(page);
};

const json = (body, status = 200) => ({ status, contentType: status === 200 ? "application/json" : "application/problem+json", body: JSON.stringify(body) });
const textsOf = (page, selector) => page.locator(selector).allInnerTexts();
const picture = (folder, name) => path.join(folder, `dashboard-${name}.png`);

// One address of the same page: the hash, without loading it again.
const open = async (page, hash) => {
  await page.evaluate((to) => { location.hash = to; }, hash);
};

const launch = async () => {
  const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : []; // Chromium refuses to have one as root
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: sandbox });
};

module.exports = { at, json, launch, listen, open, overflow, overflowAtLast, picture, textsOf, violations };
