/**
 * Staff screens in common: the server renders them, the stream says when something changed, and the parts marked
 * `data-region` are fetched again and swapped. There is one way of drawing a desk, so that it cannot disagree with itself.
 */
import { post, Unreachable } from "./_post";
import { Stream } from "./_stream";
import type { LiveEvent } from "./_events";
import { pageData, say, type PageData } from "./_words";

const PAUSE_MS = 700;

export interface Desk {
  data: PageData;
  reload(): void;
  tell(text: string, tone?: string): void;
  /** Called after parts were swapped. */
  swapped: (() => void)[];
  onEvents: ((list: LiveEvent[]) => void)[];
}

/** Follows the page's channels. `wanted` says whether these events change what the screen shows. */
export function live(name: string, wanted: (list: LiveEvent[]) => boolean): Desk {
  const data = pageData();
  let timer = 0;
  let busy = false;
  let again = false;

  const swap = async (): Promise<void> => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Maru-Desk": name } });
      if (!answer.ok) throw new Unreachable(`${answer.status}`);
      // Our own server's template, with every text escaped by it.
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (name === "studio" && stateIn(fresh) !== data.state && !writing(document.querySelector(":focus:not([readonly])"))) {
        // Another state has other parts: a preview, an agenda that can be marked.
        location.reload();
        return;
      }
      for (const part of document.querySelectorAll<HTMLElement>("[data-region]")) exchange(part, fresh);
      for (const act of desk.swapped) act();
      showLink("stream");
    } catch (reason) {
      if (!(reason instanceof Unreachable || reason instanceof TypeError)) throw reason;
      showLink("lost");
      again = true;
    } finally {
      busy = false;
      if (again) {
        again = false;
        desk.reload();
      }
    }
  };

  const showLink = (state: string): void => {
    const place = document.querySelector<HTMLElement>("[data-link]");
    if (!place) return;
    place.hidden = state === "stream";
    place.textContent = state === "stream" ? "" : say(data.words, "linkLost");
  };

  const desk: Desk = {
    data,
    swapped: [],
    onEvents: [],
    reload() {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void swap(), PAUSE_MS);
    },
    tell(text, tone = "info") {
      const place = document.querySelector<HTMLElement>("[data-notice]");
      if (!place) return;
      place.textContent = text;
      place.dataset.tone = tone;
      place.hidden = !text;
    },
  };

  for (const url of data.streams) {
    const stream = new Stream(
      url,
      null,
      {
        events(list) {
          for (const act of desk.onEvents) act(list);
          if (wanted(list)) desk.reload();
        },
        viewers(now) {
          const place = document.querySelector<HTMLElement>("[data-viewers]");
          if (place && url.includes("/events/live/")) place.textContent = new Intl.NumberFormat(data.lang).format(now);
        },
        link(state) {
          showLink(state === "files" ? "lost" : state);
          if (state === "stream") desk.reload();
        },
        stale: () => desk.reload(),
      },
      null,
    );
    stream.start();
  }
  return desk;
}

/** Puts the fresh part in place of the old, unless someone is writing in it, and keeps focus and open details. */
function exchange(part: HTMLElement, fresh: Document): void {
  const name = part.dataset.region ?? "";
  const found = fresh.querySelector<HTMLElement>(`[data-region="${CSS.escape(name)}"]`);
  if (!found || found.innerHTML === part.innerHTML) return;
  const active = document.activeElement;
  const inside = active instanceof HTMLElement && part.contains(active);
  if (inside && writing(active)) return;
  const key = inside ? keyOf(active) : "";
  const open = [...part.querySelectorAll<HTMLDetailsElement>("details[open][data-key]")].map((one) => one.dataset.key);
  const copy = document.importNode(found, true);
  part.replaceWith(copy);
  for (const details of copy.querySelectorAll<HTMLDetailsElement>("details[data-key]")) {
    if (open.includes(details.dataset.key)) details.open = true;
  }
  if (key) copy.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

function writing(element: Element | null): boolean {
  return element?.matches("input:not([type=hidden],[type=checkbox],[type=radio]), textarea, select") ?? false;
}

function stateIn(fresh: Document): string {
  const holder = fresh.getElementById("live-data");
  return holder?.textContent ? (JSON.parse(holder.textContent) as PageData).state : "";
}

function keyOf(element: HTMLElement): string {
  return element.closest<HTMLElement>("[data-key]")?.dataset.key ?? "";
}

/** Forms marked `data-in-place` are sent without leaving the desk; the parts are read again after it. */
export function sendInPlace(desk: Desk): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("form[data-in-place]")) return;
    if (event.defaultPrevented) return;
    event.preventDefault();
    void send(form, event.submitter, desk);
  });
}

async function send(form: HTMLFormElement, submitter: HTMLElement | null, desk: Desk): Promise<void> {
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  try {
    const answer = await post(form, submitter);
    const errors = Object.values(answer.errors ?? {}).flat();
    desk.tell([answer.message ?? "", ...errors].filter(Boolean).join(" "), answer.ok ? "success" : "danger");
    desk.reload();
  } catch (reason) {
    if (!(reason instanceof Unreachable)) throw reason;
    desk.tell(say(desk.data.words, "notSent"), "danger");
  } finally {
    delete form.dataset.busy;
  }
}
