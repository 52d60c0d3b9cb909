const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** Say in the reader's language how far a moment is from now, e.g. "3 minutes ago". */
export function relative(at: Date, now: Date, language: string): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(seconds, "second");
}

/** Give every `<time data-moment>` the distance to now as its title. */
export function startMoments(): void {
  const write = (): void => {
    const now = new Date();
    for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-moment]")) {
      time.title = relative(new Date(time.dateTime), now, document.documentElement.lang);
    }
  };
  write();
  setInterval(write, 30_000);
}
