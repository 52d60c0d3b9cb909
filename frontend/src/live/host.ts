/** The host's screen: three buttons and six keys, always up to date, readable from where the host sits. */
import type { LiveEvent } from "./_events";
import { live, sendInPlace } from "./_desk";

const desk = live("host", (list: LiveEvent[]) => list.length > 0);
sendInPlace(desk);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const cards = [...document.querySelectorAll<HTMLElement>("[data-list=top] [data-question]")];
  const at = cards.findIndex((card) => card.contains(document.activeElement));
  const chosen = cards[Math.max(0, at)];
  const onAir = document.querySelector<HTMLElement>("[data-current]");
  switch (event.key) {
    case "j":
    case "ArrowDown":
      focus(cards[Math.min(cards.length - 1, at + 1)]);
      break;
    case "k":
    case "ArrowUp":
      focus(cards[Math.max(0, at - 1)]);
      break;
    case "Enter":
    case "o":
      if (event.key === "Enter" && document.activeElement instanceof HTMLButtonElement) return;
      press(chosen, "on_air");
      break;
    case "a":
      press(onAir, "answered");
      break;
    case "p":
      press(onAir ?? chosen, "passed");
      break;
    default:
      return;
  }
  event.preventDefault();
});

function press(card: HTMLElement | null | undefined, state: string): void {
  card?.querySelector<HTMLButtonElement>(`button[name=state][value="${state}"]`)?.click();
}

function focus(card: HTMLElement | undefined): void {
  card?.focus();
  card?.scrollIntoView({ block: "nearest" });
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=radio],[type=checkbox]), textarea, select");
}
