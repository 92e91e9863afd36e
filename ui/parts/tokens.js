// Who may ask this server: its tokens by their names, with what each may do, until when, and when it was used last. For those who may see it.
import { h } from "../lib/dom.js";
import { SLOW_MS } from "../lib/live.js";
import { may, SESSION } from "../lib/session.js";
import { agoElement, count, duration, many, now, zones } from "../lib/words.js";
import { badge, command, empty, note } from "./bits.js";
import { panel } from "./panel.js";
import { table } from "./table.js";

const SOON_MS = 14 * 86400000;
const leftOf = (t) => (t.expires_at ? Date.parse(t.expires_at) - now() : Infinity);

const expiry = (t) => {
  if (!t.expires_at) return "never";
  if (leftOf(t) <= 0) return badge("down", "Expired");
  const text = `in ${duration(Math.floor(leftOf(t) / 1000))}`;
  return h("time", { datetime: t.expires_at, title: zones(t.expires_at) }, leftOf(t) < SOON_MS ? badge("degraded", text) : text);
};

const sums = (items) => {
  const over = items.filter((t) => leftOf(t) <= 0).length, soon = items.filter((t) => leftOf(t) > 0 && leftOf(t) < SOON_MS).length, unused = items.filter((t) => !t.last_used_at).length;
  return `${[many(items.length, "token", "tokens"), soon > 0 ? `${count(soon)} expire${soon === 1 ? "s" : ""} within two weeks` : null, over > 0 ? `${count(over)} expired` : null, unused > 0 ? `${count(unused)} never used` : null].filter(Boolean).join("; ")}.`;
};

const openToAll = () => empty("This server has no tokens: everybody who reaches it may read everything.", h("p", {}, command("smelt token create me --scopes admin")), note("Once there is a token, every request needs one."));

export const tokenRows = ({ open, items }) => {
  if (open) return openToAll();
  if (items.length === 0) return empty("No token is left, so nobody may ask.", h("p", {}, command("smelt token create me --scopes admin")));
  return [h("p", { "data-testid": "token-sums" }, sums(items)), table({ id: "tokens", caption: "Tokens, those that expire first", rows: [...items].sort((a, b) => leftOf(a) - leftOf(b) || a.name.localeCompare(b.name)), key: (t) => t.name, isShort: items.length > 10, columns: [
    { title: "Token", isHead: true, cell: (t) => h("code", {}, t.name) }, { title: "May", cell: (t) => t.scopes.replaceAll(",", ", ") }, { title: "Expires", value: (t) => t.expires_at ?? "never", cell: expiry },
    { title: "Last used", value: (t) => t.last_used_at ?? "never", cell: (t) => agoElement(t.last_used_at) }, { title: "Made", value: (t) => t.created_at, cell: (t) => agoElement(t.created_at) }] }),
  h("p", { class: "note" }, "To end one: ", command("smelt token revoke NAME"), " Servers see it within a second.")];
};

const listPanel = () => panel({ id: "tokens", title: "API tokens", note: "who may ask; the tokens themselves are stored nowhere", height: 200, every: SLOW_MS, urls: { tokens: "/api/v1/system/tokens" }, render: ({ tokens }) => tokenRows(tokens) });

// Who may not see it is told so, without asking the server for it.
export const tokensPanel = () => panel({ id: "tokens-for", title: "Who may ask", isPlain: true, isBare: true, height: 200, every: SLOW_MS, urls: { session: SESSION },
  render: ({ session }) => (may(session, "admin") ? listPanel() : h("div", { class: "card" }, h("h2", {}, "API tokens"), note("The list of tokens is for tokens with the scope admin.")))});
