/**
 * The conversation as files of two seconds each, named by the moment of the programme.
 * They are plain files, so they stay readable when the stream, the database and the web process are gone.
 */
import { toOpinion, type Opinion, type TimedFile, type TimedIndex } from "./_events";

const AT_ONCE = 4;

export interface Found {
  opinions: Opinion[];
  hidden: string[];
}

async function read<T>(url: string, fresh: boolean): Promise<T | null> {
  const answer = await fetch(url, { cache: fresh ? "no-cache" : "default", signal: AbortSignal.timeout(8000) });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as T;
}

export class TimedFiles {
  /** Version read, by second. A second whose version has grown is read again. */
  private readonly versions = new Map<string, number>();
  private catalogue: TimedIndex | null = null;

  /** `base` ends with a slash: /media/live/{slug}/conversation/ */
  private readonly base: string;

  constructor(base: string) {
    this.base = base;
  }

  /** The last minute. Throws when the network or the server is away; null when nothing was ever said. */
  async latest(): Promise<Found | null> {
    const file = await read<TimedFile>(`${this.base}latest.json`, true);
    return file && { opinions: opinionsOf(file), hidden: file.hidden ?? [] };
  }

  /** Reads the index again. */
  async refresh(): Promise<TimedIndex | null> {
    this.catalogue = await read<TimedIndex>(`${this.base}index.json`, true);
    return this.catalogue;
  }

  /** Everything from `from` to `until` (Unix seconds) that was not read yet, after the index last refreshed. */
  async between(from: number, until: number): Promise<Found> {
    const index = this.catalogue ?? (await this.refresh());
    if (!index) return { opinions: [], hidden: [] };
    const wanted = Object.entries(index.files).filter(([second, version]) => {
      const at = Number(second);
      return at + index.interval > from && at <= until && this.versions.get(second) !== version;
    });
    const opinions: Opinion[] = [];
    for (let first = 0; first < wanted.length; first += AT_ONCE) {
      const group = wanted.slice(first, first + AT_ONCE);
      const files = await Promise.all(
        group.map(([second, version]) => read<TimedFile>(`${this.base}${second}-v${version}.json`, false)),
      );
      group.forEach(([second, version], n) => {
        const file = files[n];
        if (!file) return;
        this.versions.set(second, version);
        opinions.push(...opinionsOf(file));
      });
    }
    return { opinions, hidden: index.hidden };
  }
}

function opinionsOf(file: TimedFile): Opinion[] {
  return file.opinions.map(toOpinion).filter((one) => one !== null);
}
