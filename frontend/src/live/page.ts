/** The page of one broadcast (and its embed): picture and conversation as one thing. */
import { Conversation, type View } from "./_conversation";
import { countdowns } from "./_countdown";
import { toOpinion, type LiveEvent } from "./_events";
import { OpinionForm } from "./_form";
import { onAir, tally } from "./_onair";
import { isOwn } from "./_own";
import { Replay } from "./_replay";
import { copyButtons, shareButton } from "./_share";
import { Stream, type Link } from "./_stream";
import { TimedFiles } from "./_timed";
import { votes } from "./_vote";
import { pageData, say } from "./_words";

const data = pageData();
const root = document.querySelector<HTMLElement>("[data-conversation]");
const notice = document.querySelector<HTMLElement>("[data-notice]");
const viewers = document.querySelector<HTMLElement>("[data-viewers]");
const linkState = document.querySelector<HTMLElement>("[data-link]");

let moment = "";
document.addEventListener("maru:moment", (event) => {
  const pdt: unknown = (event as CustomEvent<{ pdt?: unknown }>).detail?.pdt;
  if (pdt instanceof Date && !Number.isNaN(pdt.getTime())) moment = pdt.toISOString();
});

countdowns(document, data.words);
copyButtons(document, data.words);
shareButton(document);
chapters();

if (root) {
  const conversation = new Conversation(root, data);
  const files = new TimedFiles(data.timed);
  const pinned = onAir(data, conversation);
  const counts = tally();
  const form = document.querySelector<HTMLFormElement>("form[data-opinion]");
  if (form) new OpinionForm(form, conversation, data, () => moment, () => void refreshOwn());
  votes(conversation, data, tell);
  tabs(root, conversation);

  if (data.state === "replay") replay(root, conversation, files);

  const stream = new Stream(
    data.streams[0] ?? "",
    data.head,
    {
      events(list) {
        counts.apply(list, conversation);
        conversation.apply(list);
        pinned.apply(list);
        list.forEach(other);
      },
      viewers(now) {
        if (viewers) viewers.textContent = new Intl.NumberFormat(data.lang).format(now);
      },
      link: showLink,
      stale: () => void refresh(conversation, pinned),
    },
    files,
  );
  stream.start();
}

/** What an event changes beside the conversation. */
function other(event: LiveEvent): void {
  if (event.kind === "broadcast" && typeof event.state === "string" && event.state !== data.state) {
    data.state = event.state;
    changed(event.state);
  } else if (event.kind === "hidden" && typeof event.id === "string") {
    if (isOwn(data.slug, event.id)) void refreshOwn();
  } else if (event.kind === "chapter" && typeof event.title === "string") {
    tell(say(data.words, "chapter", { title: event.title }), "info");
  } else if (event.kind === "answer") {
    tell(say(data.words, "answerArrived"), "info", location.pathname);
  }
}

/** The broadcast entered another life. A crowd must not load the page in the same second. */
function changed(state: string): void {
  if (state === "ended") {
    closed();
    tell(say(data.words, "ended"), "info");
    return;
  }
  const label = say(data.words, state === "live" ? "nowLive" : state === "replay" ? "replayReady" : "changed");
  tell(label, "info", location.pathname);
  if (state === "live" || state === "cancelled") window.setTimeout(() => location.reload(), 500 + Math.random() * 3000);
}

/** It is over: nothing on the page may still say that it is on air. What somebody is writing stays to be copied. */
function closed(): void {
  const tag = document.querySelector<HTMLElement>(".live__head .tag--live");
  tag?.classList.replace("tag--live", "tag--neutral");
  if (tag) tag.textContent = say(data.words, "over");
  viewers?.parentElement?.remove();
  const form = document.querySelector<HTMLFormElement>("form[data-opinion]");
  if (form && !form.querySelector("textarea")?.value.trim()) form.hidden = true;
}

function tell(text: string, tone: string, link = ""): void {
  if (!notice) return;
  notice.replaceChildren(text);
  notice.dataset.tone = tone;
  notice.hidden = !text;
  if (!link) return;
  const anchor = document.createElement("a");
  anchor.href = link;
  anchor.textContent = say(data.words, "show");
  notice.append(" ", anchor);
}

function showLink(state: Link): void {
  if (!linkState) return;
  linkState.hidden = state === "stream";
  linkState.textContent = state === "stream" ? "" : say(data.words, state === "files" ? "linkFiles" : "linkLost");
}

function tabs(holder: HTMLElement, conversation: Conversation): void {
  const links = [...holder.querySelectorAll<HTMLAnchorElement>("a[data-tab]")];
  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      const view = link.dataset.tab as View;
      for (const one of links) {
        if (one === link) one.setAttribute("aria-current", "true");
        else one.removeAttribute("aria-current");
      }
      history.replaceState(null, "", link.href);
      conversation.show(view);
      if (view !== "all") void load(conversation, view);
    });
  }
}

/** Questions older than what the page holds. */
async function load(conversation: Conversation, view: View): Promise<void> {
  const url = new URL(data.list, location.href);
  url.searchParams.set("view", view);
  const answer = await ask(url);
  for (const row of rows(answer)) conversation.add(row);
  conversation.votedFor(answer?.voted);
  conversation.render();
}

async function refresh(conversation: Conversation, pinned: { read(): Promise<void> }): Promise<void> {
  await load(conversation, conversation.view);
  await pinned.read();
}

async function ask(url: URL): Promise<Record<string, unknown> | null> {
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000) });
    return answer.ok ? ((await answer.json()) as Record<string, unknown>) : null;
  } catch {
    // Away for now: what is on the page stays, and the stream brings what follows.
    return null;
  }
}

function rows(answer: Record<string, unknown> | null): NonNullable<ReturnType<typeof toOpinion>>[] {
  const list = Array.isArray(answer?.opinions) ? (answer.opinions as unknown[]) : [];
  return list.map(toOpinion).filter((one) => one !== null);
}

/** The author sees that and why an own opinion is not public. The server renders it, so that it is the same without scripts. */
async function refreshOwn(): Promise<void> {
  const place = document.querySelector<HTMLElement>("[data-own]");
  if (!place) return;
  const answer = await fetch(data.mine, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  // Our own server's template, with every text escaped by it.
  const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-own]");
  if (part) place.replaceWith(document.importNode(part, true));
}

function replay(holder: HTMLElement, conversation: Conversation, files: TimedFiles): void {
  const timing = new Replay(conversation, files, (away) => {
    if (linkState) {
      linkState.hidden = !away;
      linkState.textContent = away ? say(data.words, "linkLost") : "";
    }
  });
  timing.start();
  const follow = holder.querySelector<HTMLInputElement>("input[data-follow]");
  follow?.closest<HTMLElement>("[hidden]")?.removeAttribute("hidden");
  follow?.addEventListener("change", () => timing.follow(follow.checked));
}

/** Chapters are links to `#t=moment`; with a player on the page they move the picture instead of the page. */
function chapters(): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-seek]") : null;
    if (!link) return;
    event.preventDefault();
    const player = document.querySelector<HTMLElement>("maru-player");
    const pdt = new Date(link.dataset.seek ?? "");
    player?.dispatchEvent(new CustomEvent("maru:seek", { detail: { pdt } }));
    player?.scrollIntoView({ block: "nearest" });
  });
}
