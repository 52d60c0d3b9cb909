/** The question that is on air now, pinned above the conversation, and the tally of asked, answered, waiting. */
import type { Conversation } from "./_conversation";
import { toOpinion, type LiveEvent, type Opinion } from "./_events";
import type { PageData } from "./_words";

export interface Pinned {
  apply(list: LiveEvent[]): void;
  read(): Promise<void>;
}

export function onAir(data: PageData, conversation: Conversation): Pinned {
  const box = document.querySelector<HTMLElement>("[data-on-air]");
  const slot = (name: string): HTMLElement | null => box?.querySelector<HTMLElement>(`[data-slot="${name}"]`) ?? null;

  const show = (opinion: Opinion | null): void => {
    if (!box) return;
    box.hidden = opinion === null;
    box.dataset.id = opinion?.id ?? "";
    const text = slot("text");
    const name = slot("name");
    if (text) text.textContent = opinion?.text ?? "";
    if (name) name.textContent = opinion?.name ?? "";
  };

  const read = async (): Promise<void> => {
    const url = new URL(data.list, location.href);
    url.searchParams.set("view", "on_air");
    const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    const body = (await answer.json()) as { opinions?: unknown[] };
    const found = (body.opinions ?? []).map(toOpinion).find((one) => one !== null) ?? null;
    if (found) conversation.add(found);
    show(found);
  };

  return {
    read,
    apply(list) {
      for (const event of list) {
        const pinned = box?.dataset.id === event.id;
        if (event.kind === "question" && typeof event.id === "string") {
          const known = conversation.opinions.get(event.id);
          if (event.state !== "on_air") {
            if (pinned) show(null);
          } else if (known) show(known);
          // A question older than what this page holds. Spread out, for every reader gets this event at once.
          else window.setTimeout(() => void read(), Math.random() * 1500);
        } else if (event.kind === "hidden" && pinned) show(null);
        else if (event.kind === "broadcast" && event.state !== "live") show(null);
      }
    },
  };
}

const WAITING = ["asked", "on_air", "passed"];

/** Counts on from the numbers the server printed. Call `apply` before the conversation applies the same events. */
export function tally(): { apply(list: LiveEvent[], conversation: Conversation): void } {
  const place = (name: string): HTMLElement | null => document.querySelector<HTMLElement>(`[data-tally="${name}"]`);
  const add = (name: string, by: number): void => {
    const holder = place(name);
    if (holder) holder.textContent = String(Math.max(0, Number((holder.textContent ?? "0").replace(/\D/g, "")) + by));
  };
  const seen = new Set<string>();
  return {
    apply(list, conversation) {
      for (const event of list) {
        const id = typeof event.id === "string" ? event.id : "";
        const known = conversation.opinions.get(id);
        if (event.kind === "opinion" && event.seq > 0 && !seen.has(id) && event.question === true) {
          seen.add(id);
          add("asked", 1);
          add("waiting", 1);
        } else if (event.kind === "question" && typeof event.state === "string") {
          const before = known?.state ?? "asked";
          if (before !== "answered" && event.state === "answered") {
            add("answered", 1);
            add("waiting", -1);
          } else if (before === "answered" && WAITING.includes(event.state)) {
            add("answered", -1);
            add("waiting", 1);
          }
        }
      }
    },
  };
}
