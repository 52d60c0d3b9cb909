import { keysWanted, wantKeys } from "./_keys";
import type { Words } from "./_words";

export interface Choices {
  qualities: number[];
  quality: number;
  soundOnly: boolean | null;
  speed: number | null;
  /** The languages that there are captions in: code and own name. */
  captions: [string, string][];
}

export interface Chosen {
  quality(height: number): void;
  soundOnly(wanted: boolean): void;
  speed(rate: number): void;
  captions(language: string): void;
}

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
let groups = 0;

function radios(legend: string, options: [string, string][], current: string, pick: (value: string) => void): HTMLElement {
  const set = document.createElement("fieldset");
  const title = document.createElement("legend");
  title.textContent = legend;
  set.append(title);
  groups += 1;
  for (const [value, text] of options) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = `maru-player-${groups}`;
    input.value = value;
    input.checked = value === current;
    input.addEventListener("change", () => pick(value));
    label.append(input, text);
    set.append(label);
  }
  return set;
}

function checkbox(text: string, checked: boolean, pick: (wanted: boolean) => void): HTMLElement {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "checkbox";
  input.checked = checked;
  input.addEventListener("change", () => pick(input.checked));
  label.append(input, text);
  return label;
}

/** Fill the settings panel: quality, captions, speed (of a replay), sound only, keys. */
export function fill(panel: HTMLElement, words: Words, choices: Choices, chosen: Chosen): void {
  const parts: HTMLElement[] = [];
  if (choices.qualities.length > 1 && !choices.soundOnly) {
    const options: [string, string][] = [["0", words.automatic]];
    for (const height of choices.qualities) options.push([String(height), `${height}p`]);
    parts.push(radios(words.quality, options, String(choices.quality), (value) => chosen.quality(Number(value))));
  }
  if (choices.captions.length > 0) {
    const set = radios(words.captions, [["", words.off], ...choices.captions], "", chosen.captions);
    set.dataset["choice"] = "captions";
    parts.push(set);
  }
  if (choices.speed !== null) {
    const options = SPEEDS.map((rate): [string, string] => [String(rate), `${rate}×`]);
    parts.push(radios(words.speed, options, String(choices.speed), (value) => chosen.speed(Number(value))));
  }
  if (choices.soundOnly !== null) parts.push(checkbox(words.soundOnly, choices.soundOnly, chosen.soundOnly));
  // A telephone has no keys to steer by.
  if (matchMedia("(any-pointer: fine)").matches) parts.push(checkbox(words.keys, keysWanted(), wantKeys));
  panel.replaceChildren(...parts);
}

/** The captions that are shown ("" for none), chosen here or by the button or key outside. */
export function markCaptions(panel: HTMLElement, language: string): void {
  for (const input of panel.querySelectorAll<HTMLInputElement>("[data-choice=captions] input")) {
    input.checked = input.value === language;
  }
}
