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
    place.textContent = left > 0 ? say(words, "startsIn", { time: span(left, words) }) : say(words, "startsNow");
    if (left > 0) window.setTimeout(tick, left > 7200 ? 30000 : 1000);
  };
  tick();
}

function span(left: number, words: Record<string, string>): string {
  const days = Math.floor(left / 86400);
  const hours = Math.floor((left % 86400) / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  const seconds = left % 60;
  if (days) return say(words, "spanDays", { d: days, h: hours });
  if (hours) return say(words, "spanHours", { h: hours, m: minutes });
  return say(words, "spanMinutes", { m: minutes, s: String(seconds).padStart(2, "0") });
}
