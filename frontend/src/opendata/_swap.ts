/**
 * Parts of a page that are exchanged without loading it anew. Everything is a plain link or a GET form first:
 * `data-swap="region"` names the id of the part that the answer brings again. The server knows the request by htmx's header.
 */

export const SWAPPED = "maru:swapped";

let turn = 0;

export async function swap(address: string, region: string, remember: "push" | "replace" | "no" = "push"): Promise<void> {
  const target = document.getElementById(region);
  if (!target) {
    location.assign(address);
    return;
  }
  const mine = ++turn;
  target.setAttribute("aria-busy", "true");
  let fresh: HTMLElement | null = null;
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true", "HX-Target": region }, credentials: "same-origin" });
    // A page that refuses (422) is shown as any other; what is no page is left to the browser.
    if (answer.headers.get("Content-Type")?.includes("text/html")) {
      fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(region);
    }
  } catch {
    fresh = null;
  }
  if (mine !== turn) return;
  if (!fresh) {
    location.assign(address);
    return;
  }
  const focused = document.activeElement instanceof HTMLElement && target.contains(document.activeElement) ? document.activeElement.id : "";
  target.replaceWith(fresh);
  if (remember === "push") history.pushState({ region }, "", address);
  if (remember === "replace") history.replaceState({ region }, "", address);
  const again = focused ? document.getElementById(focused) : null;
  if (again) again.focus({ preventScroll: true });
  for (const field of document.querySelectorAll<HTMLInputElement>("form[data-swap-keep] input[type=search]")) {
    if (field !== document.activeElement) field.value = new URLSearchParams(location.search).get(field.name) ?? "";
  }
  say(fresh.querySelector<HTMLElement>("[data-says]")?.innerText ?? "");
  document.dispatchEvent(new CustomEvent(SWAPPED, { detail: { region } }));
}

/** For those who hear the page: what the new part says first. */
function say(words: string): void {
  const place = document.querySelector<HTMLElement>("[data-announce]");
  if (place) place.textContent = words;
}

/** A form outside the part it changes (`data-swap-keep`) goes on from the address shown: its hidden fields may be old. */
function addressOf(form: HTMLFormElement, submitter: HTMLElement | null = null): string {
  const keep = "swapKeep" in form.dataset;
  const query = new URLSearchParams(keep ? location.search : "");
  if (keep) for (const name of ["page", "after"]) query.delete(name);
  const hidden = new Set(keep ? [...form.querySelectorAll<HTMLInputElement>("input[type=hidden]")].map((one) => one.name) : []);
  const sent = [...new FormData(form, submitter)].filter(([name]) => !hidden.has(name));
  if (keep) for (const [name] of sent) query.delete(name);
  for (const [name, value] of sent) {
    if (typeof value === "string" && value !== "") query.append(name, value);
  }
  const address = new URL(form.action, location.href);
  address.search = query.toString();
  return address.href;
}

export function startSwaps(): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-swap]");
    if (!link?.dataset.swap) return;
    event.preventDefault();
    void swap(link.href, link.dataset.swap);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.dataset.swap || form.method !== "get") return;
    event.preventDefault();
    void swap(addressOf(form, event.submitter), form.dataset.swap);
  });
  let waiting = 0;
  document.addEventListener("input", (event) => {
    const field = event.target as HTMLInputElement;
    const form = field.form;
    if (!form?.dataset.swap || !("swapLive" in field.dataset) || (event as InputEvent).isComposing) return;
    clearTimeout(waiting);
    waiting = window.setTimeout(() => void swap(addressOf(form), form.dataset.swap ?? "", "replace"), 180);
  });
  // Korean is composed letter by letter: the last one counts when it is finished.
  document.addEventListener("compositionend", (event) => {
    (event.target as Element).dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLInputElement;
    if (!field.form?.dataset.swap || !("swapChange" in field.dataset)) return;
    void swap(addressOf(field.form), field.form.dataset.swap);
  });
  window.addEventListener("popstate", (event) => {
    const region = (event.state as { region?: string } | null)?.region ?? document.querySelector<HTMLElement>("[data-swap]")?.dataset.swap;
    if (region) void swap(location.href, region, "no");
  });
}
