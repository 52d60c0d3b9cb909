/** Counts what is left in text areas with a limit, moves the focus to a summary of errors, refuses a second press. */
export function startForms(): void {
  document.querySelectorAll<HTMLElement>("[data-counter]").forEach(startCounter);
  document.querySelector<HTMLElement>("[data-autofocus]:not(.showcase *)")?.focus();
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset["sent"]) event.preventDefault();
    form.dataset["sent"] = "yes";
    // The page may be shown again from the back-forward cache.
    setTimeout(() => delete form.dataset["sent"], 5000);
  });
}

function startCounter(field: HTMLElement): void {
  const text = field.querySelector("textarea");
  const shown = field.querySelector<HTMLElement>("[data-part=counter]");
  const limit = Number(field.dataset["counter"]);
  if (!text || !shown || !limit) return;
  const words = shown.dataset["words"] ?? "%(left)s";
  const count = (): void => {
    // Counted as the server counts: code points, not UTF-16 units.
    const left = limit - [...text.value].length;
    shown.textContent = left <= limit / 2 ? words.replace("%(left)s", left.toLocaleString(document.documentElement.lang)) : "";
  };
  text.addEventListener("input", count);
  text.form?.addEventListener("reset", () => setTimeout(count));
  count();
}
