/**
 * One reader of one channel: server-sent events while they flow, timed files while they do not, and never a gap.
 *
 * The cursor is the number of the last event applied. Each connection asks for what follows it, so a cut costs
 * nothing; where the stream no longer remembers that far back it says `reset`, and the files fill the gap.
 */
import type { LiveEvent } from "./_events";
import type { TimedFiles } from "./_timed";

export type Link = "stream" | "files" | "lost";

export interface Listener {
  events(list: LiveEvent[]): void;
  viewers?(now: number, phones: number): void;
  link?(state: Link): void;
  /** The stream forgot a stretch that files cannot fully give back (votes, states of questions): read them anew. */
  stale?(): void;
}

const FILES_AFTER_MS = 4000;
const POLL_MS = 2000;
const SLEPT_MS = 20000;
const QUIET_MS = 60000;
const LATEST_SPAN_MS = 45000;
/** A moment lies before the writing by the delay of the picture; a reader may also have rewound a little. */
const MOMENT_LAG_S = 90;

export class Stream {
  private source: EventSource | null = null;
  private cursor: number | null;
  private failures = 0;
  private connected = false;
  private welcomed = false;
  private reopenTimer = 0;
  private filesTimer = 0;
  private filling = false;
  private lastHeard = Date.now();
  private lastComplete = Date.now();
  private lastTick = Date.now();
  private stopped = false;

  private readonly url: string;
  private readonly listener: Listener;
  private readonly files: TimedFiles | null;

  constructor(url: string, after: number | null, listener: Listener, files: TimedFiles | null) {
    this.url = url;
    this.listener = listener;
    this.files = files;
    this.cursor = after;
  }

  start(): void {
    this.open();
    window.setInterval(() => this.tick(), 2000);
    window.addEventListener("online", () => this.reopenNow());
    window.addEventListener("offline", () => this.broken());
    window.addEventListener("pagehide", () => this.source?.close());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.reopenNow();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.tick();
    });
  }

  stop(): void {
    this.stopped = true;
    this.source?.close();
    window.clearTimeout(this.reopenTimer);
    window.clearTimeout(this.filesTimer);
  }

  private open(): void {
    if (this.stopped) return;
    this.source?.close();
    const url = new URL(this.url, location.href);
    if (this.cursor !== null) url.searchParams.set("after", String(this.cursor));
    // Who merely comes back is not counted as one more who came.
    if (this.welcomed) url.searchParams.set("again", "1");
    const source = new EventSource(url);
    this.source = source;
    const on = (name: string, act: (data: Record<string, unknown> | LiveEvent[]) => void): void =>
      source.addEventListener(name, (event) => {
        if (source !== this.source) return;
        this.heard();
        act(JSON.parse((event as MessageEvent<string>).data) as Record<string, unknown> | LiveEvent[]);
      });
    on("hello", (data) => this.hello(data as Record<string, unknown>));
    on("batch", (data) => this.batch(data as LiveEvent[]));
    on("reset", (data) => this.reset(data as Record<string, unknown>));
    on("beat", () => undefined);
    on("viewers", (data) => this.counted(data as Record<string, unknown>));
    source.onerror = () => {
      if (source === this.source) this.broken();
    };
  }

  private heard(): void {
    this.lastHeard = Date.now();
    this.lastComplete = this.lastHeard;
    if (this.connected) return;
    this.connected = true;
    this.failures = 0;
    window.clearTimeout(this.filesTimer);
    this.filesTimer = 0;
    this.listener.link?.("stream");
  }

  private hello(data: Record<string, unknown>): void {
    this.welcomed = true;
    if (this.cursor === null && typeof data.head === "number") this.cursor = data.head;
    if (typeof data.viewers === "number") this.listener.viewers?.(data.viewers, 0);
  }

  private batch(list: LiveEvent[]): void {
    const fresh = list.filter((event) => this.cursor === null || event.seq > this.cursor);
    if (!fresh.length) return;
    this.cursor = fresh[fresh.length - 1]?.seq ?? this.cursor;
    this.listener.events(fresh);
  }

  private reset(data: Record<string, unknown>): void {
    if (typeof data.head === "number") this.cursor = data.head;
    // A crowd is reset in the same instant; it must not ask in the same instant.
    window.setTimeout(() => {
      void this.fill(true);
      this.listener.stale?.();
    }, Math.random() * 2000);
  }

  private counted(data: Record<string, unknown>): void {
    if (typeof data.now === "number") this.listener.viewers?.(data.now, Number(data.phones) || 0);
  }

  private broken(): void {
    this.source?.close();
    this.source = null;
    this.connected = false;
    this.failures += 1;
    const wait = Math.min(10000, 500 * 2 ** Math.min(this.failures, 5));
    window.clearTimeout(this.reopenTimer);
    this.reopenTimer = window.setTimeout(() => this.open(), wait * (0.5 + Math.random()));
    if (!this.filesTimer) this.filesTimer = window.setTimeout(() => this.poll(), FILES_AFTER_MS);
  }

  private reopenNow(): void {
    window.clearTimeout(this.reopenTimer);
    this.connected = false;
    this.open();
    if (!this.filesTimer) this.filesTimer = window.setTimeout(() => this.poll(), FILES_AFTER_MS);
  }

  /** A clock that jumped means that the machine slept; a sleeping connection may be dead without saying so. */
  private tick(): void {
    const now = Date.now();
    const slept = now - this.lastTick > SLEPT_MS;
    const mute = this.connected && now - this.lastHeard > QUIET_MS;
    this.lastTick = now;
    if (slept || mute) {
      this.lastHeard = now;
      this.reopenNow();
    }
  }

  private poll(): void {
    if (this.connected || this.stopped) return;
    this.filesTimer = window.setTimeout(() => this.poll(), POLL_MS * (0.8 + Math.random() * 0.4));
    void this.fill(Date.now() - this.lastComplete > LATEST_SPAN_MS);
  }

  /** Hands over what the files hold: the last minute, or (`deep`) all since the last time nothing was missing. */
  private async fill(deep: boolean): Promise<void> {
    if (!this.files || this.filling) return;
    this.filling = true;
    const began = Date.now();
    try {
      if (deep) await this.files.refresh();
      const found = deep
        ? await this.files.between(this.lastComplete / 1000 - MOMENT_LAG_S, began / 1000 + 60)
        : await this.files.latest();
      if (found) {
        this.listener.events([
          ...found.opinions.map((one) => ({ seq: 0, kind: "opinion", ...one })),
          ...found.hidden.map((id) => ({ seq: 0, kind: "hidden", id })),
        ]);
      }
      this.lastComplete = began;
      if (!this.connected) this.listener.link?.("files");
    } catch {
      // Neither stream nor files: the network is away. The timers go on asking, nothing is given up.
      if (!this.connected) this.listener.link?.("lost");
    } finally {
      this.filling = false;
    }
  }
}
