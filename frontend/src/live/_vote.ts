/** Votes: the button answers at once and goes back if the server says no. */
import type { Conversation } from "./_conversation";
import { post, Unreachable } from "./_post";
import { say, type PageData } from "./_words";

export function votes(conversation: Conversation, data: PageData, tell: (text: string, tone: string) => void): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("form.opinion__vote")) return;
    event.preventDefault();
    void vote(form, conversation, data, tell);
  });
}

async function vote(
  form: HTMLFormElement,
  conversation: Conversation,
  data: PageData,
  tell: (text: string, tone: string) => void,
): Promise<void> {
  const button = form.querySelector<HTMLButtonElement>("button");
  const row = form.closest<HTMLElement>("[data-id]");
  const id = row?.dataset.id ?? "";
  if (!button || form.dataset.busy) return;
  const voted = button.getAttribute("aria-pressed") === "true";
  const before = conversation.opinions.get(id)?.votes ?? 0;
  form.dataset.busy = "1";
  mark(conversation, id, !voted);
  conversation.change(id, { votes: Math.max(0, before + (voted ? -1 : 1)) });
  try {
    const answer = await post(form, null, { act: voted ? "remove" : "add" });
    if (answer.ok) {
      if (typeof answer.votes === "number") conversation.change(id, { votes: answer.votes });
      mark(conversation, id, answer.voted === true);
    } else {
      mark(conversation, id, voted);
      conversation.change(id, { votes: before });
      tell(answer.message ?? say(data.words, "notSent"), "warning");
    }
  } catch (reason) {
    if (!(reason instanceof Unreachable)) throw reason;
    mark(conversation, id, voted);
    conversation.change(id, { votes: before });
    tell(say(data.words, "notSent"), "warning");
  } finally {
    delete form.dataset.busy;
  }
}

function mark(conversation: Conversation, id: string, voted: boolean): void {
  if (voted) conversation.voted.add(id);
  else conversation.voted.delete(id);
  conversation.change(id, {});
}
