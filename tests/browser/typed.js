// node typed.js URL FOLDER: the lists and rows of meters, whose features are dates, times, texts and flags, in Chromium. It judges nothing:
// test_typed.py does.
"use strict";

const fs = require("node:fs");
const { at, launch, listen, open, picture, settled, textsOf } = require("./lib.js");

const [, , url, folder] = process.argv;

// What each head of the list leads to, pressed once and twice: what is said below the filters, and the cells of its column.
const heads = async (page) => {
  const found = {};
  const names = await page.locator('[data-testid^="sort-"]').evaluateAll((all) => all.map((one) => one.dataset.testid));
  for (const name of names) {
    for (const order of ["-", ""]) {
      await page.locator(at(name)).click();
      await page.locator(`th[aria-sort="${order === "-" ? "descending" : "ascending"}"] ${at(name)}`).waitFor(); // the answer came
      const column = await page.locator("th[aria-sort]").evaluate((th) => th.cellIndex);
      found[order + name.slice(5)] = {
        shown: await page.locator(at("shown")).innerText(),
        cells: await page.locator("table tbody tr").evaluateAll((rows, i) => rows.map((row) => row.cells[i]?.innerText.trim()).filter((text) => text != null), column),
      };
    }
  }
  return found;
};

// The file that "Save tables as CSV" of a panel makes, by its lines.
const saved = async (page, panel) => {
  await page.locator(`${at(panel)} summary`, { hasText: "Data" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.locator(`${at(panel)} button`, { hasText: "Save tables as CSV" }).click()]);
  return fs.readFileSync(await file.path(), "utf8").split("\r\n");
};

(async () => {
  const browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  const report = { problems: [] };
  listen(page, report.problems);
  await page.goto(`${url}/#/entities/meters`);
  await page.locator(at("row")).first().waitFor();
  await settled(page);
  report.heads = await heads(page);
  await page.screenshot({ path: picture(folder, "typed-list"), fullPage: true });
  await open(page, "#/entities/meters/b-2");
  await page.locator("#panel-features table").waitFor();
  await settled(page);
  report.features = await textsOf(page, "#panel-features td");
  await page.locator("#panel-timeline time").first().waitFor();
  report.when = await page.locator("#panel-timeline time").first().innerText();
  await page.screenshot({ path: picture(folder, "typed-row"), fullPage: true });
  report.files = { features: await saved(page, "panel-features"), timeline: await saved(page, "panel-timeline") };
  await open(page, "#/overview");
  await page.locator(`${at("panel-inflow")} canvas`).waitFor();
  report.events = await page.locator(at("figure-events")).innerText();
  report.files.inflow = await saved(page, "panel-inflow");
  await browser.close();
  console.log(JSON.stringify(report));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
