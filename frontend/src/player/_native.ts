import { patience, type Source, type SourceEvents } from "./_source";

interface WithStartDate extends HTMLVideoElement {
  /** Safari: the PROGRAM-DATE-TIME of media time 0. */
  getStartDate?(): Date;
}

/** The picture by the browser's own HLS, for iPhones, where scripts may not feed a video. */
export class NativeSource implements Source {
  readonly qualities: number[] = [];
  private url = "";
  private attempt = 0;
  private timer = 0;
  private readonly stop = new AbortController();

  private readonly video: WithStartDate;
  private readonly events: SourceEvents;

  constructor(video: WithStartDate, events: SourceEvents) {
    this.video = video;
    this.events = events;
    const { signal } = this.stop;
    video.addEventListener("durationchange", () => events.changed(), { signal });
    video.addEventListener("error", () => this.failed(), { signal });
    video.addEventListener("playing", () => this.arrived(), { signal });
  }

  load(url: string, at: Date | null): void {
    this.url = url;
    this.video.src = url;
    if (at) {
      const seek = (): void => {
        const time = this.timeOf(at);
        if (time !== null) this.video.currentTime = time;
      };
      this.video.addEventListener("loadedmetadata", seek, { once: true, signal: this.stop.signal });
    }
  }

  private arrived(): void {
    this.attempt = 0;
    this.events.found();
  }

  private failed(): void {
    this.attempt += 1;
    this.events.lost(this.attempt, false);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.retry(), patience(this.attempt) * 1000);
  }

  retry(): void {
    clearTimeout(this.timer);
    const at = this.live ? null : this.dateAt(this.video.currentTime);
    this.load(this.url, at);
    void this.video.play().catch(() => undefined);
  }

  get live(): boolean {
    return this.video.duration === Infinity;
  }

  get edge(): number {
    const { seekable } = this.video;
    return seekable.length > 0 ? seekable.end(seekable.length - 1) - (this.live ? 4 : 0) : NaN;
  }

  private get origin(): number {
    return this.video.getStartDate?.().getTime() ?? NaN;
  }

  dateAt(time: number): Date | null {
    const at = this.origin + time * 1000;
    return Number.isNaN(at) ? null : new Date(at);
  }

  timeOf(moment: Date): number | null {
    const time = (moment.getTime() - this.origin) / 1000;
    return Number.isNaN(time) ? null : Math.max(0, time);
  }

  setQuality(): void {
    // The browser chooses by itself and offers no say.
  }

  close(): void {
    clearTimeout(this.timer);
    this.stop.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
