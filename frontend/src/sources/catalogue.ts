/** The catalogue: ages that follow, states that change in place, rows that are narrowed while one types. */
import { pageWords, runAges } from "./_ages";

type Ages = { at: number; sources: Record<string, [string, number | null, number]> };

const LOOK_MS = 5000;
const words = pageWords();
const table = document.getElementById("sources");
const numbers = new Intl.NumberFormat(document.documentElement.lang);

function say(place: Element | null, text: string): void {
  if (place && place.textContent !== text) place.textContent = text;
}

function follow(ages: Ages): void {
  const counts: Record<string, number> = {};
  let records = 0;
  for (const [name, [state, at, kept]] of Object.entries(ages.sources)) {
    counts[state] = (counts[state] ?? 0) + 1;
    records += kept;
    const row = document.getElementById(`s-${name}`);
    if (!row) continue;
    const tag = row.querySelector(".tag");
    const tone = `tag tag--${words.tones[state] ?? "neutral"}`;
    say(tag, words.states[state] ?? state);
    if (tag && tag.className !== tone) tag.className = tone;
    const time = row.querySelector("time");
    if (time && at !== null) time.dateTime = new Date(at * 1000).toISOString();
    say(row.querySelector("td.number"), numbers.format(kept));
  }
  for (const one of document.querySelectorAll<HTMLElement>("[data-count]")) {
    say(one, String(counts[one.dataset.count ?? ""] ?? 0));
  }
  say(document.querySelector("#sources-alive"), numbers.format(counts.ok ?? 0));
  say(document.querySelector("#sources-records"), numbers.format(records));
}

async function look(address: string): Promise<void> {
  if (!document.hidden) {
    try {
      const answer = await fetch(address);
      if (answer.ok) follow((await answer.json()) as Ages);
    } catch {
      // The next look comes in five seconds.
    }
  }
  window.setTimeout(() => void look(address), LOOK_MS);
}

function narrow(box: HTMLInputElement, rows: HTMLTableRowElement[]): void {
  const wanted = box.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = `${row.id} ${row.textContent ?? ""}`.normalize("NFKC").toLowerCase();
    row.hidden = !wanted.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  const status = document.getElementById("sources-shown");
  say(status, (status?.dataset.words ?? "{n}").replace("{n}", numbers.format(shown)));
}

if (table) {
  runAges(document, words);
  window.setTimeout(() => void look(table.dataset.ages ?? ""), LOOK_MS);
  const box = document.querySelector<HTMLInputElement>("#q");
  const rows = [...table.querySelectorAll<HTMLTableRowElement>("tbody tr")];
  // What the server has left out cannot be found here: then the button must be pressed.
  if (box && !box.value) box.addEventListener("input", () => narrow(box, rows));
}
for (const one of document.querySelectorAll<HTMLSelectElement>(".sources-form select")) {
  one.addEventListener("change", () => one.form?.requestSubmit());
}
