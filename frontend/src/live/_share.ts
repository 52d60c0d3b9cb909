/** Copy buttons and, where the device has one, its own share sheet. */
import { say } from "./_words";

export function copyButtons(root: ParentNode, words: Record<string, string>): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "1";
    button.hidden = false;
    button.addEventListener("click", () => void copy(button, words));
  }
}

async function copy(button: HTMLButtonElement, words: Record<string, string>): Promise<void> {
  const target = document.getElementById(button.dataset.copy ?? "");
  const text = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement ? target.value : (target?.textContent ?? "");
  const label = button.querySelector<HTMLElement>("[data-slot=label]") ?? button;
  const before = button.dataset.label ?? label.textContent ?? "";
  button.dataset.label = before;
  try {
    await navigator.clipboard.writeText(text.trim());
  } catch {
    // No clipboard without https on some browsers: select it, so that the citizen can copy it by hand.
    if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) target.select();
    label.textContent = say(words, "copyByHand");
    return;
  }
  label.textContent = say(words, "copied");
  window.setTimeout(() => (label.textContent = before), 2000);
}

export function shareButton(root: ParentNode): void {
  const button = root.querySelector<HTMLButtonElement>("button[data-share]");
  if (!button || !navigator.share) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    // The citizen may close the sheet without choosing; that is not an error.
    navigator.share({ title: document.title, url: button.dataset.share ?? location.href }).catch(() => undefined);
  });
}
