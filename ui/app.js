// The shell: navigation, the state of the whole, and the page that the address names. A page is a module that is loaded when it is opened.
import { h, patch } from "./lib/dom.js";
import { begin, watch, watchHealth, SLOW_MS } from "./lib/live.js";
import { allEntities, byPlural, hasRisk, learnNames, main, titleOf } from "./lib/names.js";
import { href, parse, watchRoute } from "./lib/router.js";
import { ago, agoElement, refreshAges } from "./lib/words.js";
import { badge, inWords, withoutStates } from "./parts/bits.js";
import "./parts/panel.js";
import { listenToKeys } from "./keys.js";

const $ = (id) => document.getElementById(id);

const pages = {
  overview: { title: () => "Overview", load: () => import("./pages/overview.js") },
  quality: { title: () => "Quality", load: () => import("./pages/quality.js") },
  pipeline: { title: () => "Pipeline", load: () => import("./pages/pipeline.js") },
  model: { title: () => "Model", load: () => import("./pages/model.js") },
  status: { title: () => "System status", load: () => import("./pages/status.js") },
  style: { title: () => "Parts of these pages", load: () => import("./pages/style.js") },
};

// One entity may have a risk, the others have what is unusual; one of their rows has its own page.
const pageOfEntity = ({ parts: [plural, id, more] }) => {
  const e = byPlural(plural);
  if (!e || more != null) return null;
  if (id != null) return { title: () => id, load: () => import("./pages/entity.js") };
  return { title: () => titleOf(e), load: () => import("./pages/entities.js") };
};

const pageOf = (route) => (route.page === "entities" ? pageOfEntity(route) : Object.hasOwn(pages, route.page) ? pages[route.page] : null);

// ---- navigation ----

export const places = () => [
  ["Overview", href("overview")],
  ...allEntities().map((e) => [titleOf(e), href(["entities", e.plural])]),
  ["Quality", href("quality")],
  ["Pipeline", href("pipeline")],
  ...(hasRisk() ? [["Model", href("model")]] : []),
  ["System status", href("status")],
];

const isAt = (target) => `${href([parse().page, ...parse().parts])}/`.startsWith(`${target}/`);

// Of a narrow navigation, which scrolls sideways, the part with the page that is open.
const showCurrent = () => {
  const nav = $("nav"), link = nav.querySelector("[aria-current]");
  if (link && nav.scrollWidth > nav.clientWidth) nav.scrollLeft += link.getBoundingClientRect().left - (nav.clientWidth - link.offsetWidth) / 2;
};

const listPages = () => patch($("nav"), h("ul", {}, places().map(([title, target]) =>
  h("li", { "data-key": target }, h("a", { href: target, "aria-current": isAt(target) ? "page" : null }, title)))));
const showNav = () => {
  listPages();
  showCurrent();
};

// ---- the page ----

let shown = null; // {key, module}
const keyOf = (route) => href([route.page, ...route.parts]);

const nothingHere = (route) => {
  const known = allEntities().length > 0 || route.page !== "entities";
  return [h("h1", {}, known ? "There is no such page" : "Nothing is served yet"), h("p", {}, known ? h("code", {}, location.hash) : "The names of what is served come with the first data.", " ", h("a", { href: href("overview") }, "To the overview"))];
};

// Its module did not come: the server is away, or has been replaced by one with other pages.
const notLoaded = () => [h("h1", {}, "This page did not load"), h("p", {}, "The server does not answer, or has another version now. "), h("p", {}, h("button", { type: "button", class: "quiet", click: () => location.reload() }, "Load it again"))];

const mount = (title, nodes) => {
  document.title = `${title} – Smelt`;
  $("page").replaceChildren(...nodes);
  scrollTo(0, 0);
};

const showPage = async (route) => {
  showNav();
  const key = keyOf(route);
  if (shown?.key === key && shown.module?.update?.(route)) return;
  const isMove = shown != null && shown.key !== key;
  const page = pageOf(route);
  shown = { key, module: null };
  const module = await page?.load().catch(() => null);
  if (keyOf(parse()) !== key) return; // another page was opened meanwhile
  Object.assign(shown, { module, isMissing: page != null && !module });
  mount(page?.title() ?? "Not found", [module ? module.render(parse()) : page ? notLoaded() : nothingHere(route)].flat().filter(Boolean));
  if (isMove && !$("page").querySelector("h1[tabindex]")) $("page").querySelector("h1")?.setAttribute("tabindex", "-1");
  if (isMove) $("page").querySelector("h1")?.focus({ preventScroll: true });
};

// ---- the whole ----

let isLost = false;
const showOverall = (status) => {
  if (!status) return;
  patch($("overall"), h("a", { href: href("status") }, isLost ? badge("unknown", "Not known") : badge(status.state, inWords(status, "All parts OK"))));
  const snapshot = status.components.find((c) => c.name === "snapshot");
  if (snapshot) patch($("version"), snapshot.live ? "Live" : snapshot.generation ? ["Snapshot ", String(snapshot.generation), snapshot.as_of ? [", ", agoElement(snapshot.as_of)] : null] : "");
};

const alarm = (text) => {
  if ($("alarm").textContent !== text) $("alarm").textContent = text;
  $("alarm").hidden = text === "";
};

// The server has not answered for a while: what the page still shows may be wrong, so nothing on it is said to work (parts/*.css greys it).
const watchServer = () => {
  let status = null;
  watch("/api/v1/status", (source) => {
    status = source.data;
    showOverall(status);
  });
  watchHealth((health) => {
    const wasLost = isLost;
    isLost = health.isLost;
    document.body.classList.toggle("stale", isLost);
    alarm(isLost ? `The server does not answer.${health.answeredAt ? ` The data shown is from ${ago(health.answeredAt)}.` : ""}` : "");
    showOverall(status);
    withoutStates($("page"));
    if (wasLost && !isLost && shown?.isMissing) showPage(parse());
    if (wasLost && !isLost) document.dispatchEvent(new Event("smelt-answers"));
  });
};

const start = () => {
  let routed = false;
  watch("/api/v1/pipeline", (source) => {
    const before = JSON.stringify(allEntities().map((e) => [e.entity, e.risk]));
    if (source.data) learnNames(source.data);
    if (source.state === "loading") return;
    const isNew = before !== JSON.stringify(allEntities().map((e) => [e.entity, e.risk]));
    if (!routed) {
      routed = true;
      watchRoute(showPage);
    } else if (isNew && main()) {
      shown = null;
      showPage(parse());
    }
  }, SLOW_MS);
};

$("find").addEventListener("click", () => import("./palette.js").then((m) => m.openPalette(places())));
$("keys").addEventListener("click", () => import("./palette.js").then((m) => m.openKeys()));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  $("main").focus();
});
listenToKeys(places);
document.addEventListener("toggle", () => import("./menus.js"), { capture: true, once: true });
showNav();
watchServer();
start();
setInterval(refreshAges, 1000);
begin({ stream: true });
