/** Writing an opinion: sent without leaving the page, shown at once, never lost. */
import type { Conversation } from "./_conversation";
import { toOpinion } from "./_events";
import { addOwn } from "./_own";
import { post, Unreachable, type Answer } from "./_post";
import { say, type PageData } from "./_words";

const LIMIT = 500;
/** What is left is said only when it begins to matter. */
const NEARLY = 100;
const KEPT = ["text", "question", "nickname"] as const;

export class OpinionForm {
  private readonly text: HTMLTextAreaElement;
  private readonly counter: HTMLElement | null;
  private readonly result: HTMLElement | null;
  private readonly storage: string;
  private busy = false;

  private readonly form: HTMLFormElement;
  private readonly conversation: Conversation;
  private readonly data: PageData;
  /** The moment of the picture, as ISO text, or "" when no picture is shown. */
  private readonly moment: () => string;
  private readonly changed: () => void;

  constructor(form: HTMLFormElement, conversation: Conversation, data: PageData, moment: () => string, changed: () => void) {
    this.form = form;
    this.conversation = conversation;
    this.data = data;
    this.moment = moment;
    this.changed = changed;
    const text = form.querySelector<HTMLTextAreaElement>("textarea[name=text]");
    if (!text) throw new Error("The opinion form has no text.");
    this.text = text;
    this.counter = form.querySelector<HTMLElement>("[data-counter]");
    this.result = form.querySelector<HTMLElement>("[data-result]");
    this.storage = `maru:opinion:${data.slug}`;
    this.restore();
    this.count();
    form.addEventListener("input", () => {
      this.count();
      this.keep();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
  }

  private count(): void {
    // Characters as people count them: an emoji outside the first plane is one, as it is for the server.
    const left = LIMIT - [...this.text.value].length;
    if (this.counter) {
      this.counter.textContent = left > NEARLY ? "" : say(this.data.words, left < 0 ? "tooMany" : "left", { n: Math.abs(left) });
      this.counter.classList.toggle("is-over", left < 0);
    }
  }

  private keep(): void {
    const kept: Record<string, string> = {};
    for (const name of KEPT) {
      const field = this.form.elements.namedItem(name);
      if (field instanceof HTMLInputElement && field.type === "checkbox") kept[name] = field.checked ? "1" : "";
      else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) kept[name] = field.value;
    }
    try {
      sessionStorage.setItem(this.storage, JSON.stringify(kept));
    } catch {
      // Storage may be full or forbidden; the text is still in the field.
    }
  }

  private restore(): void {
    let kept: Record<string, string>;
    try {
      kept = JSON.parse(sessionStorage.getItem(this.storage) ?? "{}") as Record<string, string>;
    } catch {
      return;
    }
    for (const name of KEPT) {
      const field = this.form.elements.namedItem(name);
      const value = kept[name];
      if (value === undefined) continue;
      if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = value === "1";
      else if ((field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) && !field.value) field.value = value;
    }
  }

  private async send(): Promise<void> {
    if (this.busy) return;
    this.clearErrors();
    if (!this.text.value.trim()) {
      this.fail({ ok: false, errors: { text: [say(this.data.words, "empty")] } });
      return;
    }
    this.busy = true;
    this.form.setAttribute("aria-busy", "true");
    this.input("moment", this.moment());
    const written = this.text.value;
    const pending = this.showPending(written);
    try {
      const answer = await this.trying();
      this.conversation.opinions.delete(pending);
      this.conversation.remove(pending);
      if (answer.ok) this.accepted(answer);
      else this.fail(answer);
    } catch (reason) {
      if (!(reason instanceof Unreachable)) throw reason;
      this.conversation.remove(pending);
      this.fail({ ok: false, message: say(this.data.words, "notSent") });
    } finally {
      this.busy = false;
      this.form.removeAttribute("aria-busy");
    }
  }

  /** A lost answer is asked for again under the same number, so that the server keeps one opinion, not two. */
  private async trying(): Promise<Answer> {
    if (!this.input("idempotency")) this.input("idempotency", freshNumber());
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await post(this.form);
      } catch (reason) {
        if (attempt >= 2 || !(reason instanceof Unreachable)) throw reason;
        await new Promise((done) => window.setTimeout(done, 1000 * 2 ** attempt));
      }
    }
  }

  private accepted(answer: Answer): void {
    const opinion = toOpinion(answer.opinion);
    const held = answer.held === true;
    if (opinion) {
      addOwn(this.data.slug, opinion.id);
      this.conversation.add({ ...opinion, held });
    }
    this.text.value = "";
    const question = this.form.elements.namedItem("question");
    if (question instanceof HTMLInputElement) question.checked = false;
    this.input("idempotency", freshNumber());
    this.count();
    this.keep();
    this.say(answer.message ?? "", held ? "info" : "success");
    if (held) this.changed();
  }

  private showPending(text: string): string {
    const id = `pending-${Date.now()}`;
    const question = this.form.elements.namedItem("question");
    const now = new Date().toISOString();
    this.conversation.add({
      id,
      name: this.form.dataset.name || this.input("nickname"),
      text,
      at: now,
      moment: this.moment() || now,
      question: question instanceof HTMLInputElement && question.checked,
      votes: 0,
      state: "",
      pending: true,
    });
    return id;
  }

  private fail(answer: Answer): void {
    const errors = Object.entries(answer.errors ?? {});
    let first: HTMLElement | null = null;
    for (const [name, sentences] of errors) {
      const field = this.form.elements.namedItem(name);
      const place = this.form.querySelector<HTMLElement>(`[data-error="${CSS.escape(name)}"]`);
      if (place) {
        place.textContent = sentences.join(" ");
        place.hidden = false;
      }
      if (field instanceof HTMLElement) {
        field.setAttribute("aria-invalid", "true");
        first ??= field;
      }
    }
    const other = answer.message ?? "";
    if (other && !errors.length) this.say(other, "danger");
    first?.focus();
  }

  private clearErrors(): void {
    this.say("", "info");
    for (const place of this.form.querySelectorAll<HTMLElement>("[data-error]")) {
      place.hidden = true;
      place.textContent = "";
    }
    for (const field of this.form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  }

  private say(text: string, tone: string): void {
    if (!this.result) return;
    this.result.textContent = text;
    this.result.dataset.tone = tone;
    this.result.hidden = !text;
  }

  private input(name: string, value?: string): string {
    const field = this.form.elements.namedItem(name);
    if (!(field instanceof HTMLInputElement)) return "";
    if (value !== undefined) field.value = value;
    return field.value;
  }
}

/** A number that nobody else draws. `crypto.randomUUID` is missing on plain http pages of a local network. */
function freshNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
