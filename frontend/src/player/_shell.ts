import "media-chrome/dist/media-controller.js";
import "media-chrome/dist/media-control-bar.js";
import "media-chrome/dist/media-captions-button.js";
import "media-chrome/dist/media-fullscreen-button.js";
import "media-chrome/dist/media-loading-indicator.js";
import "media-chrome/dist/media-mute-button.js";
import "media-chrome/dist/media-play-button.js";
import "media-chrome/dist/media-time-range.js";
import "media-chrome/dist/media-volume-range.js";
import { addTranslation, setLanguage } from "media-chrome/dist/utils/i18n.js";
import type { Words } from "./_words";

export interface Shell {
  controller: HTMLElement;
  video: HTMLVideoElement;
  time: HTMLElement;
  live: HTMLButtonElement;
  start: HTMLButtonElement;
  back: HTMLButtonElement;
  forward: HTMLButtonElement;
  settings: HTMLButtonElement;
  panel: HTMLElement;
  unmute: HTMLButtonElement;
  /** The large button of a picture that waits for its viewer. */
  begin: HTMLButtonElement;
  status: HTMLElement;
  soundOnly: HTMLElement;
}

const DRAWINGS = {
  begin: "M7 4.500v15L20 12z",
  start: "M6 5v14M19 5 9 12l10 7z",
  back: "M11 5 4 12l7 7M4 12h16",
  settings: "M4 7h9m5 0h2M4 17h2m5 0h9M13 7a2.500 2.500 0 1 0 5 0 2.500 2.500 0 1 0-5 0M6 17a2.500 2.500 0 1 0 5 0 2.500 2.500 0 1 0-5 0",
  unmute: "M4 9.500v5h4l5 4.500V5L8 9.500zM17 9l5 6m0-6-5 6",
  sound: "M4 9.500v5h4l5 4.500V5L8 9.500zM16.500 9a4 4 0 0 1 0 6m2.500-8.500a8 8 0 0 1 0 11",
};

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  text = "",
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function drawing(path: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

function press(className: string, label: string, content: Node | string): HTMLButtonElement {
  const button = make("button", `player__button ${className}`);
  button.type = "button";
  button.append(content);
  if (typeof content !== "string") {
    button.setAttribute("aria-label", label);
    button.title = label;
  }
  return button;
}

/** The sign is drawn by the style sheet: what is seen and what is read aloud differ. */
function skip(label: string, sign: string): HTMLButtonElement {
  const button = press("player__skip", label, document.createDocumentFragment());
  button.dataset["sign"] = sign;
  return button;
}

function chrome(name: string, attributes: Record<string, string> = {}): HTMLElement {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Build the player's elements inside `host`; nothing is wired yet. */
export function build(host: HTMLElement, words: Words, title: string, poster: string, captions: boolean): Shell {
  const language = document.documentElement.lang || "en";
  addTranslation(language.split("-")[0] ?? "en", words.chrome as never);
  setLanguage(language);

  const controller = chrome("media-controller", { nohotkeys: "", "aria-label": title, class: "player__stage" });
  const video = make("video", "player__video");
  video.slot = "media";
  video.playsInline = true;
  video.preload = "none";
  video.setAttribute("aria-label", title);
  if (poster) video.poster = poster;

  const soundOnly = make("div", "player__sound");
  soundOnly.hidden = true;
  soundOnly.append(drawing(DRAWINGS.sound), make("span", "", words.soundOnly));
  const status = make("p", "player__status");
  status.setAttribute("role", "status");
  const unmute = press("player__unmute", words.unmute, drawing(DRAWINGS.unmute));
  unmute.removeAttribute("aria-label");
  unmute.append(make("span", "", words.unmute));
  unmute.hidden = true;
  const begin = press("player__begin", words.chrome["play"] ?? "play", drawing(DRAWINGS.begin));
  begin.hidden = true;
  // The control bars hide when nobody moves; what must be read stays.
  for (const one of [status, unmute, begin, soundOnly]) one.setAttribute("noautohide", "");
  const panel = make("div", "player__panel");
  panel.hidden = true;
  const time = make("span", "player__time", "0:00");
  const live = press("player__live", words.toLive, words.live);
  live.hidden = true;
  const start = press("player__start", words.toStart, drawing(DRAWINGS.start));
  const back = skip(words.back10, "−10");
  const forward = skip(words.forward10, "+10");
  const settings = press("player__settings", words.settings, drawing(DRAWINGS.settings));
  settings.setAttribute("aria-expanded", "false");

  const range = chrome("media-control-bar", { class: "player__range" });
  range.append(chrome("media-time-range"));
  const bar = chrome("media-control-bar", { class: "player__bar" });
  bar.append(
    chrome("media-play-button", { notooltip: "" }), start, back, forward,
    chrome("media-mute-button", { notooltip: "" }), chrome("media-volume-range"),
    time, make("span", "player__gap"), live,
    ...(captions ? [chrome("media-captions-button", { notooltip: "" })] : []), settings, chrome("media-fullscreen-button", { notooltip: "" }),
  );
  const loading = chrome("media-loading-indicator", { slot: "centered-chrome", noautohide: "" });
  controller.append(video, loading, soundOnly, status, begin, unmute, panel, range, bar);
  host.replaceChildren(controller);
  // media-chrome calls it a button and marks it checked, which only a switch may be.
  bar.querySelector("media-captions-button")?.setAttribute("role", "switch");
  return { controller, video, time, live, start, back, forward, settings, panel, unmute, begin, status, soundOnly };
}
