// A chart as a picture: what is drawn, under its title and over its legend, on the paper of the theme. Loaded when somebody asks for one.
import { save } from "../lib/files.js";
import { COLORS } from "./plot.js";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const HEAD = 34, FOOT = 30, EDGE = 12; // in points of the page

const drawLegend = (ctx, model, y) => {
  let x = EDGE;
  model.series.forEach((s, i) => {
    if (s.kind === "edge") return;
    ctx.fillStyle = s.kind === "dash" ? css("--ink-2") : css(`--type-${(i % COLORS) + 1}`);
    ctx.fillRect(x, y - 9, 10, 10);
    ctx.fillStyle = css("--ink");
    ctx.fillText(s.name, x + 15, y);
    x += 15 + ctx.measureText(s.name).width + 18;
  });
};

const paint = (chart) => {
  const drawn = chart.querySelector("canvas"), { model } = chart;
  const scale = drawn.width / drawn.clientWidth;
  const picture = document.createElement("canvas");
  picture.width = drawn.width;
  picture.height = drawn.height + (HEAD + FOOT) * scale;
  const ctx = picture.getContext("2d");
  ctx.fillStyle = css("--card");
  ctx.fillRect(0, 0, picture.width, picture.height);
  ctx.drawImage(drawn, 0, HEAD * scale);
  ctx.scale(scale, scale);
  ctx.fillStyle = css("--ink");
  ctx.font = `600 14px ${css("--font")}`;
  ctx.fillText(`${model.title}, ${model.unit}`, EDGE, 22);
  ctx.font = `12px ${css("--font")}`;
  drawLegend(ctx, model, HEAD + drawn.clientHeight + 19);
  return picture;
};

export const savePictures = (panel) => {
  for (const chart of panel.querySelectorAll("smelt-chart")) {
    if (chart.querySelector("canvas") == null) continue; // it could not be drawn: there is the table alone
    paint(chart).toBlob((bytes) => save(`${chart.model.id}.png`, bytes, "image/png"));
  }
};
