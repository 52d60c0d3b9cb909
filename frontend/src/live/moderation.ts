/** The moderator's queue, one key for each act. */
import { live, sendInPlace } from "./_desk";

const desk = live("moderation", (list) => list.some((event) => ["held", "opinion", "hidden", "shown"].includes(event.kind)));
sendInPlace(desk);

let last = "";

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-row]")];
}

function current(): number {
  return rows().findIndex((row) => row.contains(document.activeElement));
}

/** Work moves on by itself: the next row takes the place of the one that was dealt with. */
function go(to: number): void {
  const list = rows();
  const row = list[Math.max(0, Math.min(list.length - 1, to))];
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

desk.swapped.push(() => {
  if (last === "" || current() >= 0) return;
  go(Number(last));
  last = "";
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (target instanceof HTMLElement && target.matches("input:not([type=radio],[type=checkbox]), textarea, select")) return;
  const at = current();
  const row = rows()[at];
  const press = (act: string): void => {
    const button = row?.querySelector<HTMLButtonElement>(`button[name=act][value="${act}"]`);
    if (!button || button.disabled) return;
    last = String(at);
    button.click();
  };
  switch (event.key) {
    case "j":
    case "ArrowDown":
      go(at + 1);
      break;
    case "k":
    case "ArrowUp":
      go(at - 1);
      break;
    case "a":
      press("approve");
      break;
    case "s":
      press("show");
      break;
    case "b":
      press("block");
      break;
    case "h": {
      // The reason is part of hiding: the author reads it. The key opens the field; Enter sends.
      const details = row?.querySelector<HTMLDetailsElement>("details[data-hide]");
      if (!details) return;
      last = String(at);
      details.open = true;
      details.querySelector<HTMLElement>("select, input:not([type=hidden])")?.focus();
      break;
    }
    default:
      return;
  }
  event.preventDefault();
});

// A list of reasons does not send its form by Enter on its own.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target instanceof HTMLSelectElement && event.target.form?.matches("[data-in-place]")) {
    event.preventDefault();
    const form = event.target.form;
    event.target.blur();
    form.requestSubmit(form.querySelector<HTMLButtonElement>("button[value=hide]"));
  }
});
