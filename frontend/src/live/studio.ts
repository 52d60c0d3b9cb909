/** The producer's desk: what is on air and what comes in, within two seconds; acts without leaving the page. */
import { live, sendInPlace } from "./_desk";
import { copyButtons } from "./_share";

const CHANGES = ["log", "inputs", "broadcast", "chapter", "question", "opinion", "hidden"];
const desk = live("studio", (list) => list.some((event) => CHANGES.includes(event.kind)));
sendInPlace(desk);
copyButtons(document, desk.data.words);
desk.swapped.push(() => copyButtons(document, desk.data.words));

// The audience and the age of a signal change without an event.
window.setInterval(() => {
  if (document.visibilityState === "visible") desk.reload();
}, 10000);

document.addEventListener("submit", (event) => {
  if (!(event.target instanceof HTMLFormElement)) return;
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);
