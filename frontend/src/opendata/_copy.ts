/** Buttons that copy an example: `<button data-copy="id of the pre">`, hidden until a script can do it. */

export function startCopy(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-copy]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy ?? "");
    if (!source) return;
    void copy(source, button);
  });
}

async function copy(source: HTMLElement, button: HTMLButtonElement): Promise<void> {
  let text = button.dataset.done ?? "";
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
  } catch {
    // Without https a page may not write there: mark it, so that one key does it.
    getSelection()?.selectAllChildren(source);
    text = button.dataset.byHand ?? "";
  }
  document.dispatchEvent(new CustomEvent("maru:toast", { detail: { text, kind: "good" } }));
}
