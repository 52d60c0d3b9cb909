/** The conversation on the page: what is known, and which of it is in the DOM. Text goes in as text, never as HTML. */
import { toOpinion, type LiveEvent, type Opinion } from "./_events";
import { clock, say, type PageData } from "./_words";

export type View = "all" | "top" | "newest" | "answered";

const ROWS = 300;
const KNOWN = 3000;
const ANNOUNCE_MS = 10000;
const RESORT_MS = 5000;

export class Conversation {
  readonly opinions = new Map<string, Opinion>();
  readonly hidden = new Set<string>();
  readonly voted = new Set<string>();
  view: View;
  /** In a replay the clock of the picture decides what is shown in "all": only moments up to this one (ms). */
  until: number | null = null;

  private readonly list: HTMLElement;
  private readonly scroller: HTMLElement;
  private readonly rowTemplate: HTMLTemplateElement;
  private readonly marks = document.querySelector<HTMLTemplateElement>("template#opinion-marks");
  private readonly picture = document.querySelector<HTMLElement>(".live__picture");
  private readonly empty: HTMLElement | null;
  private readonly pill: HTMLButtonElement | null;
  private readonly pause: HTMLButtonElement | null;
  private readonly announcer: HTMLElement | null;
  private readonly waiting: Opinion[] = [];
  private paused = false;
  private unannounced = 0;
  private resortTimer = 0;

  private readonly root: HTMLElement;
  private readonly data: PageData;

  constructor(root: HTMLElement, data: PageData) {
    this.root = root;
    this.data = data;
    const find = <T extends Element>(selector: string): T | null => root.querySelector<T>(selector);
    const list = find<HTMLElement>("[data-opinions]");
    const template = document.querySelector<HTMLTemplateElement>("template#opinion-row");
    if (!list || !template) throw new Error("The page lacks its conversation.");
    this.list = list;
    this.rowTemplate = template;
    this.scroller = find<HTMLElement>("[data-scroller]") ?? list;
    this.empty = find<HTMLElement>("[data-empty]");
    this.pill = find<HTMLButtonElement>("[data-new]");
    this.pause = find<HTMLButtonElement>("[data-pause]");
    this.announcer = find<HTMLElement>("[data-announce]");
    this.view = (root.dataset.view as View | undefined) ?? "all";
    this.adopt();
    this.pill?.addEventListener("click", () => {
      this.flush();
      this.toTop();
    });
    if (this.pause) {
      this.pause.hidden = false;
      this.pause.addEventListener("click", () => this.setPaused(!this.paused));
    }
    this.scroller.addEventListener("scroll", () => this.settled(), { passive: true });
    window.addEventListener("scroll", () => this.settled(), { passive: true });
    window.setInterval(() => this.announce(), ANNOUNCE_MS);
  }

  /** Takes over what the server rendered; the page hands the same rows over as data. */
  private adopt(): void {
    for (const given of Array.isArray(this.data.opinions) ? (this.data.opinions as unknown[]) : []) {
      const opinion = toOpinion(given);
      if (opinion) this.opinions.set(opinion.id, opinion);
    }
    this.votedFor(this.data.voted);
    for (const id of Array.isArray(this.data.hidden) ? (this.data.hidden as string[]) : []) this.hidden.add(id);
  }

  /** Adds to the questions that this reader has voted for. */
  votedFor(ids: unknown): void {
    if (Array.isArray(ids)) for (const id of ids) this.voted.add(String(id));
  }

  apply(events: LiveEvent[]): void {
    for (const event of events) {
      const id = typeof event.id === "string" ? event.id : "";
      if (event.kind === "opinion" || event.kind === "shown") {
        if (event.kind === "shown") this.hidden.delete(id);
        const opinion = toOpinion(event);
        if (opinion) this.add(opinion);
      } else if (event.kind === "hidden") {
        this.remove(id);
      } else if (event.kind === "votes" && typeof event.votes === "number") {
        this.change(id, { votes: event.votes });
      } else if (event.kind === "question" && typeof event.state === "string") {
        const change: Partial<Opinion> = { state: event.state, question: true };
        if (typeof event.on_air_at === "string") change.on_air_at = event.on_air_at;
        if (typeof event.answered_at === "string") change.answered_at = event.answered_at;
        this.change(id, change);
      }
    }
    this.showEmpty();
  }

  add(opinion: Opinion): void {
    if (this.hidden.has(opinion.id)) return;
    const known = this.opinions.get(opinion.id);
    if (known && !known.pending) {
      this.change(opinion.id, { votes: Math.max(known.votes, opinion.votes), state: opinion.state || known.state });
      return;
    }
    this.opinions.set(opinion.id, opinion);
    this.forget();
    if (known) this.rowOf(opinion.id)?.remove();
    if (!this.belongs(opinion)) return;
    if (!opinion.pending) this.unannounced += 1;
    if (!opinion.pending && !known && (this.paused || this.away())) {
      this.waiting.push(opinion);
      this.showPill();
    } else {
      this.place(opinion);
    }
  }

  remove(id: string): void {
    this.hidden.add(id);
    this.opinions.delete(id);
    this.rowOf(id)?.remove();
    const at = this.waiting.findIndex((one) => one.id === id);
    if (at >= 0) this.waiting.splice(at, 1);
    this.showPill();
    this.showEmpty();
  }

  change(id: string, change: Partial<Opinion>): void {
    const opinion = this.opinions.get(id);
    if (!opinion) return;
    Object.assign(opinion, change);
    const row = this.rowOf(id);
    if (row && !this.belongs(opinion)) row.remove();
    else if (row) this.fill(row, opinion);
    else if (this.view !== "all" && this.belongs(opinion)) this.place(opinion);
    if (this.view === "top") this.resortSoon();
  }

  /** Shows another view of what is known. */
  show(view: View): void {
    this.view = view;
    this.root.dataset.view = view;
    this.render();
  }

  render(): void {
    this.waiting.length = 0;
    const rows = [...this.opinions.values()].filter((one) => this.belongs(one));
    rows.sort((a, b) => this.compare(a, b));
    this.list.replaceChildren(...rows.slice(0, ROWS).map((one) => this.row(one)));
    this.showPill();
    this.showEmpty();
  }

  /** The picture went from `from` to `now` (ms): what was said in between comes in, as if it were said now. */
  reach(from: number, now: number, most: number): void {
    const due = [...this.opinions.values()].filter((one) => {
      const at = Date.parse(one.moment);
      return at > from && at <= now && !this.rowOf(one.id);
    });
    due.sort((a, b) => (later(b.moment, a.moment)));
    for (const opinion of due.slice(-most)) this.place(opinion);
    this.unannounced += due.length;
  }

  private belongs(opinion: Opinion): boolean {
    if (this.view === "answered") return opinion.question && opinion.state === "answered";
    if (this.view === "top") return opinion.question && opinion.state !== "answered";
    if (this.view === "newest") return opinion.question;
    return this.until === null || Date.parse(opinion.moment) <= this.until;
  }

  private compare(a: Opinion, b: Opinion): number {
    if (this.view === "top" && a.votes !== b.votes) return b.votes - a.votes;
    if (this.until !== null && this.view === "all" && a.moment !== b.moment) return later(a.moment, b.moment);
    return later(a.at, b.at);
  }

  private place(opinion: Opinion): void {
    const row = this.row(opinion);
    row.firstElementChild?.classList.add("opinion--new");
    let next = this.list.firstElementChild as HTMLElement | null;
    while (next) {
      const other = this.opinions.get(next.id.slice(2));
      if (!other || this.compare(opinion, other) <= 0) break;
      next = next.nextElementSibling as HTMLElement | null;
    }
    this.list.insertBefore(row, next);
    while (this.list.childElementCount > ROWS) this.list.lastElementChild?.remove();
    this.showEmpty();
  }

  private row(opinion: Opinion): HTMLElement {
    const row = document.createElement("li");
    row.id = `o-${opinion.id}`;
    row.append(document.importNode(this.rowTemplate.content, true));
    const form = row.querySelector<HTMLFormElement>("form");
    if (form) form.action = form.action.replace("OPINION", encodeURIComponent(opinion.id));
    this.fill(row, opinion);
    return row;
  }

  private fill(row: HTMLElement, opinion: Opinion): void {
    const article = row.querySelector<HTMLElement>("[data-id]") ?? row;
    article.dataset.id = opinion.id;
    article.classList.toggle("opinion--question", opinion.question);
    article.classList.toggle("is-pending", opinion.pending === true);
    const name = opinion.name || say(this.data.words, "anonymous");
    write(row, "name", name);
    write(row, "text", opinion.text);
    write(row, "votes", String(opinion.votes));
    const time = part(row, "time");
    if (time) {
      time.textContent = clock(this.until === null ? opinion.at : opinion.moment, this.data);
      time.setAttribute("datetime", opinion.at);
    }
    this.mark(row, article, opinion);
    const avatar = part(row, "avatar");
    if (avatar && !avatar.childElementCount) avatar.append(letter(name));
    const vote = part(row, "vote");
    if (vote) {
      vote.hidden = !opinion.question || opinion.pending === true || opinion.held === true;
      vote.querySelector("button")?.setAttribute("aria-pressed", String(this.voted.has(opinion.id)));
    }
  }

  /** The tags of a state come from the page's own template, so that they are the server's words and colours. */
  private mark(row: HTMLElement, article: HTMLElement, opinion: Opinion): void {
    const state = opinion.held ? "held" : opinion.question ? opinion.state : "";
    const question = part(row, "question-tag");
    if (question) question.hidden = !opinion.question;
    if ((article.dataset.state ?? "") === state) return;
    article.dataset.state = state;
    const tags = part(row, "tags");
    if (!tags) return;
    tags.replaceChildren(...(question ? [question] : []));
    const tag = this.marks?.content.querySelector(`[data-mark="${CSS.escape(state)}"]`)?.firstElementChild;
    if (tag) tags.append(document.importNode(tag, true));
  }

  private rowOf(id: string): HTMLElement | null {
    return this.list.querySelector<HTMLElement>(`#${CSS.escape(`o-${id}`)}`);
  }

  /** True when the reader has scrolled down: rows put in above would push away what is being read. */
  private away(): boolean {
    if (this.view !== "all" || this.until !== null) return false;
    const own = this.scroller.scrollHeight > this.scroller.clientHeight + 1;
    return own && getComputedStyle(this.scroller).overflowY !== "visible"
      ? this.scroller.scrollTop > 24
      : this.scroller.getBoundingClientRect().top < this.covered() - 48;
  }

  /** How far down a picture that stays in sight covers the window. */
  private covered(): number {
    if (!this.picture || getComputedStyle(this.picture).position !== "sticky") return 0;
    const box = this.picture.getBoundingClientRect();
    return box.left < this.scroller.getBoundingClientRect().right && box.right > this.scroller.getBoundingClientRect().left ? box.bottom : 0;
  }

  private settled(): void {
    if (this.waiting.length && !this.paused && !this.away()) this.flush();
  }

  private flush(): void {
    for (const opinion of this.waiting.splice(0)) this.place(opinion);
    if (this.paused) this.setPaused(false);
    this.showPill();
  }

  private toTop(): void {
    this.scroller.scrollTop = 0;
    if (this.scroller.getBoundingClientRect().top < this.covered()) this.scroller.scrollIntoView({ block: "start" });
  }

  private setPaused(paused: boolean): void {
    this.paused = paused;
    if (this.pause) {
      this.pause.setAttribute("aria-pressed", String(paused));
      write(this.pause, "label", say(this.data.words, paused ? "continue" : "pause"));
    }
    if (!paused) this.flush();
  }

  private showPill(): void {
    if (!this.pill) return;
    this.pill.hidden = this.waiting.length === 0;
    this.pill.textContent = say(this.data.words, "new", { n: this.waiting.length });
  }

  private showEmpty(): void {
    if (this.empty) this.empty.hidden = this.list.childElementCount > 0;
  }

  private announce(): void {
    if (!this.announcer || !this.unannounced || this.paused) return;
    this.announcer.textContent = say(this.data.words, "announce", { n: this.unannounced });
    this.unannounced = 0;
  }

  /** Votes come every second; the order follows later, and never under a finger or a keyboard focus. */
  private resortSoon(): void {
    if (this.resortTimer) return;
    this.resortTimer = window.setTimeout(() => {
      this.resortTimer = 0;
      if (this.view !== "top") return;
      if (this.list.matches(":hover") || this.list.contains(document.activeElement)) this.resortSoon();
      else this.render();
    }, RESORT_MS);
  }

  /** Keeps memory bounded on a tab that stays open all day. Questions are kept: the tabs need them. */
  private forget(): void {
    if (this.opinions.size <= KNOWN || this.until !== null) return;
    for (const [id, opinion] of this.opinions) {
      if (this.opinions.size <= KNOWN * 0.8) break;
      if (!opinion.question) this.opinions.delete(id);
    }
  }
}

function part(row: HTMLElement, name: string): HTMLElement | null {
  return row.querySelector<HTMLElement>(`[data-part="${name}"]`);
}

function write(row: HTMLElement, name: string, text: string): void {
  const place = part(row, name);
  if (place && place.textContent !== text) place.textContent = text;
}

/** Newest first. Times may be written with or without milliseconds, so they are compared as numbers. */
function later(a: string, b: string): number {
  return Date.parse(b) - Date.parse(a);
}

/** The same letter and colour as the server's `avatar`. */
function letter(name: string): HTMLElement {
  const circle = document.createElement("span");
  circle.className = "avatar";
  circle.setAttribute("aria-hidden", "true");
  const characters = [...name];
  circle.dataset.hue = String(characters.reduce((sum, one) => sum + (one.codePointAt(0) ?? 0), 0) % 6);
  circle.textContent = (characters.find((one) => /[\p{L}\p{N}]/u.test(one)) ?? "?").toUpperCase();
  return circle;
}
