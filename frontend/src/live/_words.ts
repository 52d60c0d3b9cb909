/** Texts and addresses handed over by the page, so that no script holds a sentence of its own. */

export interface PageData {
  slug: string;
  state: string;
  lang: string;
  timeZone: string;
  /** Addresses of the channels, the page's own first. */
  streams: string[];
  head: number | null;
  timed: string;
  list: string;
  mine: string;
  words: Record<string, string>;
  [field: string]: unknown;
}

export function pageData(id = "live-data"): PageData {
  const holder = document.getElementById(id);
  if (!holder?.textContent) throw new Error(`The page lacks its data block ${id}.`);
  const data = JSON.parse(holder.textContent) as Omit<PageData, "streams" | "list" | "mine">;
  const place = document.querySelector<HTMLElement>("[data-streams]")?.dataset ?? {};
  return {
    ...data,
    streams: (place.streams ?? "").split(" ").filter(Boolean),
    list: place.list ?? "",
    mine: place.mine ?? "",
  } as PageData;
}

/** The sentence `key` with `{n}`-like places filled in; the key itself when the page did not hand it over. */
export function say(words: Record<string, string>, key: string, values: Record<string, string | number> = {}): string {
  const sentence = words[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

export function clock(iso: string, data: PageData): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const text = new Intl.DateTimeFormat(data.lang, {
    hour: "numeric",
    minute: "2-digit",
    timeZone: data.timeZone || undefined,
  }).format(at);
  // As the server writes it.
  return text.replace(/\sAM$/, " a.m.").replace(/\sPM$/, " p.m.");
}
