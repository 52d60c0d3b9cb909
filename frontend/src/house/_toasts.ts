export interface Toast {
  text: string;
  /** Seconds on the screen; 0 stays until closed. */
  seconds?: number;
}

declare global {
  interface DocumentEventMap {
    "maru:toast": CustomEvent<Toast>;
  }
}

/** Shows what a script says by `document.dispatchEvent(new CustomEvent("maru:toast", { detail: { text } }))`. */
export function startToasts(): void {
  const region = document.getElementById("toasts");
  if (!region) return;
  document.addEventListener("maru:toast", (event) => {
    const { text, seconds = 6 } = event.detail;
    const toast = document.createElement("div");
    toast.className = "toast";
    const words = document.createElement("span");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button button--quiet button--icon";
    close.textContent = "×";
    close.setAttribute("aria-label", region.dataset["close"] ?? "×");
    close.addEventListener("click", () => toast.remove());
    toast.append(words, close);
    region.append(toast);
    if (seconds > 0) setTimeout(() => toast.remove(), seconds * 1000);
  });
}
