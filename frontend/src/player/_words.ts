/** The player's words in the page's language, handed over by the template as JSON. */
export interface Words {
  live: string;
  toLive: string;
  toStart: string;
  unmute: string;
  settings: string;
  quality: string;
  automatic: string;
  soundOnly: string;
  speed: string;
  captions: string;
  off: string;
  keys: string;
  waiting: string;
  lost: string;
  missing: string;
  close: string;
  back10: string;
  forward10: string;
  behind: string;
  /** media-chrome's own texts: English → this language. */
  chrome: Record<string, string>;
}

/** Write seconds as 1:02:03 or 2:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
