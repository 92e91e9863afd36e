// A list in pages on the server's cursor: asks for the next page when it is wanted, and begins again when the server does not keep the
// generation of the first page any more (410).
import { request, Refusal, url } from "./api.js";

const PAGE = 50;

export class Pages {
  constructor(path, query, changed) {
    Object.assign(this, { path, query, changed, pages: [], total: null, cursor: null, isLoading: false, isDone: false, error: null, generation: null });
  }

  get count() {
    return this.pages.reduce((sum, page) => sum + page.length, 0);
  }

  async more() {
    if (this.isLoading || this.isDone || this.isEnded || this.error) return; // what failed is asked for again by retry() alone
    this.isLoading = true;
    try {
      const { body } = await request(url(this.path, { limit: PAGE, ...this.query, cursor: this.cursor }));
      this.#take(body);
    } catch (error) {
      if (error instanceof Refusal && error.status === 410) Object.assign(this, { pages: [], cursor: null, isRestarted: true });
      else this.error = error;
    }
    this.isLoading = false;
    if (!this.isEnded) this.changed();
  }

  retry() {
    this.error = null;
    return this.more();
  }

  // What the server refuses stays refused; all else may be answered later.
  get mayComeLater() {
    return this.error != null && !(this.error.status < 500);
  }

  #take(body) {
    this.pages.push(body.items);
    Object.assign(this, { total: body.total, cursor: body.next_cursor, generation: body.generation, isDone: body.next_cursor == null, error: null });
  }

  // The first page again, of the newest data.
  async restart() {
    if (this.isLoading) return;
    const { body } = await request(url(this.path, { limit: PAGE, ...this.query }));
    this.pages = [];
    this.#take(body);
    this.changed();
  }

  end() {
    this.isEnded = true;
  }
}
