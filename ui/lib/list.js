// A list in pages on the server's cursor: asks for the next page when it is wanted. When the server does not keep the generation of the first
// page any more, or rows have moved between pages (410), what was there is read anew, so that no row is there twice and nobody is sent to the top.
import { request, Refusal, url } from "./api.js";

const PAGE = 50;
const MOST = 500; // rows of one answer

const isGone = (error) => error instanceof Refusal && error.status === 410;

export class Pages {
  constructor(path, query, changed) {
    Object.assign(this, { path, query, changed, pages: [], total: null, cursor: null, beganAt: 0, isLoading: false, isDone: false, error: null, generation: null });
  }

  get count() {
    return this.pages.reduce((sum, page) => sum + page.length, 0);
  }

  async more() {
    if (this.isLoading || this.isDone || this.isEnded || this.error) return; // what failed is asked for again by retry() alone
    this.isLoading = true;
    try {
      await this.#next();
    } catch (error) {
      if (isGone(error)) Object.assign(this, { pages: [], cursor: null }); // also while it was read anew
      else this.error = error;
    }
    this.isLoading = false;
    if (!this.isEnded) this.changed();
  }

  async #next() {
    try {
      if (this.pages.length === 0) return await this.#begin(PAGE);
      const { body } = await request(url(this.path, { limit: PAGE, ...this.query, cursor: this.cursor }));
      this.#take(body, [...this.pages, body.items]);
    } catch (error) {
      if (!isGone(error)) throw error;
      await this.#begin(this.count + PAGE);
    }
  }

  // So many rows from the top, of the newest data.
  async #begin(wanted) {
    const rows = [], pages = [];
    let body = { next_cursor: null };
    do {
      ({ body } = await request(url(this.path, { limit: Math.min(MOST, wanted - rows.length), ...this.query, cursor: body.next_cursor })));
      rows.push(...body.items);
    } while (body.next_cursor != null && rows.length < wanted);
    do pages.push(rows.splice(0, PAGE)); while (rows.length > 0);
    this.#take(body, pages);
    this.beganAt = performance.now();
  }

  retry() {
    this.error = null;
    return this.more();
  }

  // What the server refuses stays refused; all else may be answered later.
  get mayComeLater() {
    return this.error != null && !(this.error.status < 500);
  }

  #take(body, pages) {
    Object.assign(this, { pages, total: body.total, cursor: body.next_cursor, generation: body.generation, isDone: body.next_cursor == null, error: null });
  }

  // The first page again, of the newest data.
  async restart() {
    if (this.isLoading) return;
    this.isLoading = true; // or a page of the order before would come behind it
    try {
      await this.#begin(PAGE);
    } finally {
      this.isLoading = false;
    }
    if (!this.isEnded) this.changed();
  }

  end() {
    this.isEnded = true;
  }
}
