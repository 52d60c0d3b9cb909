/** The conversation in step with the picture: each opinion appears when its moment is on the screen. */
import type { Conversation } from "./_conversation";
import type { TimedFiles } from "./_timed";

const BEHIND_S = 180;
const AHEAD_S = 30;
const SHOWN_AT_ONCE = 100;

export class Replay {
  private at = 0;
  private loadedFrom = Infinity;
  private loadedUntil = -Infinity;
  private loading = false;
  private following = true;
  private lastIndex = 0;

  private readonly conversation: Conversation;
  private readonly files: TimedFiles;
  private readonly failed: (away: boolean) => void;

  constructor(conversation: Conversation, files: TimedFiles, failed: (away: boolean) => void) {
    this.conversation = conversation;
    this.files = files;
    this.failed = failed;
  }

  start(): void {
    document.addEventListener("maru:moment", (event) => {
      const pdt: unknown = (event as CustomEvent<{ pdt?: unknown }>).detail?.pdt;
      if (pdt instanceof Date && this.following) this.moment(pdt.getTime());
    });
  }

  /** Off: the whole conversation stays visible whatever the picture shows. */
  follow(on: boolean): void {
    this.following = on;
    this.conversation.until = on && this.at ? this.at : null;
    if (on && this.at) this.at = 0;
    this.conversation.render();
  }

  private moment(now: number): void {
    const jumped = this.at === 0 || now < this.at - 500 || now > this.at + 15000;
    const from = this.at;
    this.at = now;
    this.conversation.until = now;
    void this.load(now / 1000, jumped);
    if (this.conversation.view !== "all") return;
    if (jumped) this.conversation.render();
    else this.conversation.reach(from, now, SHOWN_AT_ONCE);
  }

  private async load(second: number, jumped: boolean): Promise<void> {
    const covered = second - BEHIND_S >= this.loadedFrom && second + AHEAD_S / 2 <= this.loadedUntil;
    if (this.loading || (covered && !jumped)) return;
    this.loading = true;
    try {
      // The index is asked for anew now and then, because moderation may hide something long after the end.
      if (Date.now() - this.lastIndex > 20000) {
        await this.files.refresh();
        this.lastIndex = Date.now();
      }
      const found = await this.files.between(second - BEHIND_S, second + AHEAD_S);
      for (const id of found.hidden) this.conversation.remove(id);
      for (const opinion of found.opinions) this.conversation.add(opinion);
      const touching = second - BEHIND_S <= this.loadedUntil && second + AHEAD_S >= this.loadedFrom;
      this.loadedFrom = touching ? Math.min(this.loadedFrom, second - BEHIND_S) : second - BEHIND_S;
      this.loadedUntil = touching ? Math.max(this.loadedUntil, second + AHEAD_S) : second + AHEAD_S;
      this.failed(false);
    } catch {
      // The network is away; the next moment, a quarter of a second on, asks again.
      this.failed(true);
      await new Promise((done) => window.setTimeout(done, 2000));
    } finally {
      this.loading = false;
    }
  }
}
