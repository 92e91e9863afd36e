// One request to the API: conditional when an answer is known, with a deadline, and with errors in words.
import { serverTime } from "./words.js";

const ANSWER_WITHIN_MS = 8000;
const SAVE_WITHIN_MS = 60000; // thousands of rows
export const UNCHANGED = Symbol("unchanged");

// What the server said when it refused. Everything else that is thrown here means that it did not answer.
export class Refusal extends Error {
  constructor(text, status, body = {}) {
    super(text);
    this.status = status;
    this.body = body;
  }
}

// A text that was typed and not sent would be gone with the page: its form says what to do (parts/change_form.js).
const signIn = () => {
  if ([...document.querySelectorAll("form.change textarea")].some((field) => field.value.trim() !== "")) {
    document.dispatchEvent(new Event("smelt-signed-out"));
    return;
  }
  sessionStorage.setItem("smelt-back", location.hash);
  location.assign("/ui/sign-in.html");
};

export const request = async (url, { headers = {}, method = "GET", body } = {}) => {
  const answer = await fetch(url, { method, body, headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  serverTime(answer.headers.get("Date"));
  if (answer.status === 304) return { answer };
  if (answer.status === 401) signIn();
  const isJson = /^application\/(problem\+)?json/.test(answer.headers.get("Content-Type") ?? "");
  const content = isJson ? await answer.json() : {};
  if (answer.ok && answer.status === 204) return { answer, body: {} };
  if (!answer.ok || !isJson) throw new Refusal(content.detail ?? `${url.split("?")[0]} answered ${answer.status}.`, answer.status, content);
  return { answer, body: content };
};

// The same data as another type, like text/csv.
// {text, total}: total, the rows that there are, also where the text has fewer; null: it was not said.
export const requestText = async (url, type) => {
  const answer = await fetch(url, { headers: { Accept: type }, cache: "no-store", signal: AbortSignal.timeout(SAVE_WITHIN_MS) });
  if (!answer.ok) throw new Refusal((await answer.json().catch(() => ({}))).detail ?? `It answered ${answer.status}.`, answer.status);
  return { text: await answer.text(), total: Number(answer.headers.get("Total-Rows")) || null };
};

// Asks for a change. The same key for the same wish: sent twice, because an answer was lost, it is done once.
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const change = async (url, content, key = newKey()) => {
  const headers = { "Content-Type": "application/json", "Smelt-Request": "page", "Idempotency-Key": `"${key}"` };
  return (await request(url, { method: "POST", headers, body: JSON.stringify(content) })).body;
};

// {body, etag}, or UNCHANGED when it still has the tag.
export const ask = async (url, etag) => {
  const { answer, body } = await request(url, { headers: etag ? { "If-None-Match": etag } : {} });
  return answer.status === 304 ? UNCHANGED : { body, etag: answer.headers.get("ETag") };
};

export const words = (error) => (error instanceof Refusal ? error.message : "The server does not answer.");

export const url = (path, query = {}) => {
  const given = Object.entries(query).filter(([, v]) => v != null && v !== "");
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
};
