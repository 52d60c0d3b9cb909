/** "Starts in …" beside the date that the server printed; after the time has come it says so and stops. */
import { say } from "./_words";

export function countdowns(root: ParentNode, words: Record<string, string>): void {
  for (const place of root.querySelectorAll<HTMLElement>("[data-countdown]")) run(place, words);
}

function run(place: HTMLElement, words: Record<string, string>): void {
  const target = Date.parse(place.dataset.countdown ?? "");
  if (Number.isNaN(target)) return;
  place.hidden = false;
  const tick = (): void => {
    const left = Math.round((target - Date.now()) / 1000);
    place.textContent = left > 0 ? say(words, "startsIn", { time: span(left) }) : say(words, "startsNow");
    if (left > 0) window.setTimeout(tick, left > 7200 ? 30000 : 1000);
  };
  tick();
}

/** The two largest parts of what is left, as the language says them: "1 day 23 hours", "4분 5초". */
function span(left: number): string {
  const parts: [string, number][] = [
    ["day", Math.floor(left / 86400)],
    ["hour", Math.floor((left % 86400) / 3600)],
    ["minute", Math.floor((left % 3600) / 60)],
    ["second", left % 60],
  ];
  const first = Math.max(0, parts.findIndex(([, count]) => count > 0));
  const said = parts.slice(first, first + 2).map(([unit, count]) =>
    new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(count),
  );
  return said.join(" ");
}
