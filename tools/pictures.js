// node pictures.js URL FOLDER: the pictures of README.md and docs/dashboards.md, of the pages that a server shows: light, 1,280 pixels wide.
"use strict";

const path = require("node:path");
const { at, launch, open, settled } = require("../tests/browser/lib.js");

const [, , url, folder] = process.argv;
const HEIGHT = 1090;
const PUBLISHED_TWICE_MS = 60000;

// What a page is opened for; ready: an element that is there when the page has what is worth showing.
const pictures = [
  { name: "dashboard", hash: "#/overview", ready: `${at("panel-inflow")} canvas` },
  { name: "subscribers", hash: "#/entities/subscribers", ready: `${at("entities")} ${at("row")}` },
  { name: "towers", hash: "#/entities/towers", ready: `${at("moves")} tbody tr` },
  { name: "quality", hash: "#/quality", ready: `${at("groups")} tbody tr` },
  { name: "pipeline", hash: "#/pipeline", ready: `${at("panel-throughput")} canvas` },
  { name: "model", hash: "#/model", ready: `${at("versions")} tbody tr` },
  { name: "status", hash: "#/status", ready: `${at("parts")} h3` },
];

const take = async (page, { name, hash, ready }) => {
  await open(page, hash);
  await page.locator(ready).first().waitFor();
  await settled(page);
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
};

(async () => {
  const browser = await launch();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: HEIGHT }, colorScheme: "light", reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(url);
    await page.locator(at("overall")).filter({ hasText: "All parts OK" }).waitFor({ timeout: PUBLISHED_TWICE_MS });
    for (const one of pictures) await take(page, one);
  } finally {
    await browser.close();
  }
})();
