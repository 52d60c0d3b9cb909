import Hls, { type ErrorData, type Fragment, type HlsConfig, type LevelDetails, type LoadPolicy } from "hls.js/light";
import { patience, type Source, type SourceEvents } from "./_source";

/* An origin that swallows requests costs 27 s of standstill with hls.js' defaults. A segment lasts 2 s: one that has not
   begun to come after 2.5 s is asked for again. What hls.js gives up, `lost` takes up, for ever. */
function policy(firstByteMs: number, wholeMs: number): LoadPolicy {
  return {
    default: {
      maxTimeToFirstByteMs: firstByteMs,
      maxLoadTimeMs: wholeMs,
      timeoutRetry: { maxNumRetry: 1, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 3, retryDelayMs: 250, maxRetryDelayMs: 1000 },
    },
  };
}

const CONFIG: Partial<HlsConfig> = {
  liveSyncDurationCount: 2,
  // Rewinding is a right: hls.js must never throw a viewer forward, so no liveMaxLatency.
  maxLiveSyncPlaybackRate: 1.08,
  liveSyncOnStallIncrease: 0.5,
  capLevelToPlayerSize: true,
  startLevel: -1,
  abrEwmaDefaultEstimate: 1_500_000,
  abrEwmaFastLive: 2,
  abrEwmaSlowLive: 6,
  backBufferLength: 60,
  maxBufferLength: 20,
  maxMaxBufferLength: 60,
  enableWorker: true,
  fragLoadPolicy: policy(2500, 10_000),
  playlistLoadPolicy: policy(2500, 5000),
  manifestLoadPolicy: policy(4000, 8000),
};

export function playsByScript(): boolean {
  return Hls.isSupported();
}

/** The picture by hls.js. Never gives up: each fatal error becomes another attempt. */
export class HlsSource implements Source {
  private hls: Hls | null = null;
  private url = "";
  private wanted: Date | null = null;
  private attempt = 0;
  private timer = 0;
  private mediaFaults = 0;
  private height = 0;

  private readonly video: HTMLVideoElement;
  private readonly events: SourceEvents;

  constructor(video: HTMLVideoElement, events: SourceEvents) {
    this.video = video;
    this.events = events;
  }

  load(url: string, at: Date | null): void {
    this.url = url;
    this.wanted = at;
    this.open();
  }

  private open(): void {
    clearTimeout(this.timer);
    this.hls?.destroy();
    // A moment asked for is found only when the playlist is known, so loading of segments waits for it.
    const hls = new Hls({ ...CONFIG, autoStartLoad: this.wanted === null });
    this.hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.setQuality(this.height);
      if (this.wanted) hls.startLoad(0, true);
      this.events.changed();
    });
    hls.on(Hls.Events.LEVEL_UPDATED, () => this.events.changed());
    hls.on(Hls.Events.LEVEL_LOADED, (_name, data) => this.begin(hls, data.details));
    hls.on(Hls.Events.FRAG_BUFFERED, () => {
      this.attempt = 0;
      this.events.found();
    });
    hls.on(Hls.Events.ERROR, (_name, data) => this.failed(hls, data));
    hls.attachMedia(this.video);
    hls.loadSource(this.url);
  }

  private begin(hls: Hls, details: LevelDetails): void {
    if (!this.wanted) return;
    const time = timeIn(details, this.wanted);
    this.wanted = null;
    hls.startLoad(time ?? -1);
    if (time !== null) this.video.currentTime = time;
  }

  private failed(hls: Hls, data: ErrorData): void {
    if (!data.fatal || hls !== this.hls) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.mediaFaults < 3) {
      this.mediaFaults += 1;
      setTimeout(() => (this.mediaFaults = 0), 10_000);
      hls.recoverMediaError();
      return;
    }
    this.attempt += 1;
    this.events.lost(this.attempt, data.response?.code === 404);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.again(), patience(this.attempt) * 1000);
  }

  private again(): void {
    const hls = this.hls;
    if (!hls) return;
    if (hls.levels.length === 0 || this.attempt > 4) {
      // A fresh start forgets every state that may have gone wrong, but not where the viewer was.
      if (!this.live || !this.atEdge()) this.wanted = this.dateAt(this.video.currentTime) ?? this.wanted;
      this.open();
    } else {
      hls.startLoad();
    }
  }

  private atEdge(): boolean {
    return this.edge - this.video.currentTime < 45;
  }

  retry(): void {
    clearTimeout(this.timer);
    this.again();
  }

  private get details(): LevelDetails | null {
    return this.hls?.latestLevelDetails ?? null;
  }

  get live(): boolean {
    return this.details?.live ?? false;
  }

  get edge(): number {
    const details = this.details;
    if (!details) return NaN;
    return details.live ? (this.hls?.liveSyncPosition ?? details.edge - 2 * details.targetduration) : details.edge;
  }

  dateAt(time: number): Date | null {
    const details = this.details;
    if (!details) return null;
    const fragment = details.fragments.findLast((one) => one.start <= time + 0.01) ?? details.fragments[0];
    if (!fragment?.programDateTime) return null;
    return new Date(fragment.programDateTime + (time - fragment.start) * 1000);
  }

  timeOf(moment: Date): number | null {
    return this.details && timeIn(this.details, moment);
  }

  get qualities(): number[] {
    const heights = (this.hls?.levels ?? []).map((level) => level.height).filter((height) => height > 0);
    return [...new Set(heights)].sort((one, other) => other - one);
  }

  setQuality(height: number): void {
    this.height = height;
    if (this.hls) this.hls.nextLevel = this.hls.levels.findIndex((level) => height > 0 && level.height === height);
  }

  close(): void {
    clearTimeout(this.timer);
    this.hls?.destroy();
    this.hls = null;
  }
}

/** The media time of a moment: where its segment begins plus the rest. A moment in a gap is the next segment's beginning. */
function timeIn(details: LevelDetails, moment: Date): number | null {
  const at = moment.getTime();
  let last: Fragment | null = null;
  for (const fragment of details.fragments) {
    const begins = fragment.programDateTime;
    if (begins === null) continue;
    if (at < begins) return last && ends(last) > at ? within(last, at) : fragment.start;
    last = fragment;
  }
  return last && ends(last) > at ? within(last, at) : null;
}

function ends(fragment: Fragment): number {
  return (fragment.programDateTime ?? 0) + fragment.duration * 1000;
}

function within(fragment: Fragment, at: number): number {
  return fragment.start + (at - (fragment.programDateTime ?? at)) / 1000;
}
