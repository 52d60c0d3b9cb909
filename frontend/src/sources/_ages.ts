/** Ages that grow by the second, said as the server says them: one number, one unit. */
export interface Words {
  ages: Record<string, string>;
  states: Record<string, string>;
  tones: Record<string, string>;
}

const UNITS: [string, number, number][] = [
  ["d", 86_400, 172_800],
  ["h", 3600, 7200],
  ["m", 60, 120],
];

/** The page's words; empty ones where the page has none. */
export function pageWords(): Words {
  const text = document.getElementById("sources-data")?.textContent;
  return text ? (JSON.parse(text) as Words) : { ages: {}, states: {}, tones: {} };
}

/** An age of so many seconds. */
export function ageText(seconds: number, words: Words): string {
  const whole = Math.max(0, Math.floor(seconds));
  for (const [unit, size, least] of UNITS) {
    if (whole >= least) return (words.ages[unit] ?? "{n}").replace("{n}", String(Math.floor(whole / size)));
  }
  return (words.ages.s ?? "{n}").replace("{n}", String(whole));
}

/** Let every age below `root` follow the clock. */
export function runAges(root: ParentNode, words: Words): void {
  const tick = (): void => {
    if (document.hidden) return;
    const now = Date.now();
    for (const one of root.querySelectorAll<HTMLTimeElement>("#sources time[datetime], .source-age[datetime]")) {
      const text = ageText((now - Date.parse(one.dateTime)) / 1000, words);
      if (one.textContent !== text) one.textContent = text;
    }
  };
  window.setInterval(tick, 1000);
}
