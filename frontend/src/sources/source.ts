/** One source: its moving part is fetched anew every five seconds while nobody works in it. */
import { pageWords, runAges } from "./_ages";

const LOOK_MS = 5000;
const place = document.getElementById("source-now");

async function look(): Promise<void> {
  if (place && !document.hidden && !place.contains(document.activeElement) && !place.querySelector("details[open]")) {
    try {
      const answer = await fetch(place.dataset.now ?? "", { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) {
        const scrolled = place.querySelector(".source-latest > *")?.scrollTop ?? 0;
        place.innerHTML = await answer.text();
        const list = place.querySelector(".source-latest > *");
        if (list) list.scrollTop = scrolled;
      }
    } catch {
      // The next look comes in five seconds.
    }
  }
  window.setTimeout(() => void look(), LOOK_MS);
}

if (place) {
  runAges(document, pageWords());
  window.setTimeout(() => void look(), LOOK_MS);
}
