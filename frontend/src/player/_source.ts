/** What the player asks of whatever brings the picture: hls.js, or the browser's own HLS (Safari). */
export interface Source {
  /** Open a playlist; `at` is the moment of the broadcast to begin from, null = live edge or beginning. */
  load(url: string, at: Date | null): void;
  /** Ask again at once (the network is back, the picture stands still). */
  retry(): void;
  /** True while the playlist is still growing. */
  readonly live: boolean;
  /** Media time, in seconds, that a viewer "at the live edge" sees; NaN before the playlist is known. */
  readonly edge: number;
  /** The moment of the broadcast (PROGRAM-DATE-TIME) at a media time; null when unknown. */
  dateAt(time: number): Date | null;
  /** The media time, in seconds, of a moment; null when the playlist does not reach it yet. */
  timeOf(moment: Date): number | null;
  /** Heights in pixels of the renditions, best first; empty when the browser chooses itself. */
  readonly qualities: number[];
  /** Choose a height, or 0 for automatic. */
  setQuality(height: number): void;
  close(): void;
}

export interface SourceEvents {
  /** The playlist was read: qualities, length or liveness may have changed. */
  changed(): void;
  /** Nothing comes: the source tries again by itself, `attempt` times so far; `missing`: the address holds nothing (404). */
  lost(attempt: number, missing: boolean): void;
  /** Something comes again. */
  found(): void;
}

/** Seconds to wait before attempt n (1, 2, …): 0.5, 1, 2, 4, 5, 5 …, after a minute 15, spread so that a crowd does not come back at once. */
export function patience(attempt: number, chance: number = Math.random()): number {
  return Math.min(attempt > 15 ? 15 : 5, 0.5 * 2 ** (attempt - 1)) * (0.75 + 0.5 * chance);
}
