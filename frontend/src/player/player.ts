import { listen } from "./_keys";
import { fill, markCaptions } from "./_panel";
import { build, type Shell } from "./_shell";
import type { Source, SourceEvents } from "./_source";
import { clock, type Words } from "./_words";

interface Chapter {
  title: string;
  at: string;
}

interface Track {
  src: string;
  label: string;
  lang: string;
}

/** Seconds behind the edge up to which a viewer counts as watching live. */
const NEAR = 12;
/** Seconds behind the edge after which a viewer who wants live is brought forward (tab asleep, network lost). */
const FAR = 20;

/**
 * `<maru-player src poster title data-words>`: live, rewind and replay of one playlist. Fires `maru:moment`
 * ({ pdt: Date }, every 250 ms while something plays or is sought); takes `maru:seek` ({ pdt: Date }).
 */
export class MaruPlayer extends HTMLElement {
  private shell!: Shell;
  private words!: Words;
  private source: Source | null = null;
  private readonly stop = new AbortController();
  private following = true;
  /** A source that starts afresh makes the browser forget that it was to play. */
  private wantsPlay = false;
  private quality = 0;
  private sound = false;
  private standstill = 0;
  private lastTime = -1;
  private marked = "";

  connectedCallback(): void {
    if (this.source || !this.dataset["words"]) return;
    this.words = JSON.parse(this.dataset["words"]) as Words;
    const [title, poster] = [this.getAttribute("title") ?? "", this.getAttribute("poster") ?? ""];
    this.shell = build(this, this.words, title, poster, this.dataset["tracks"] !== undefined);
    // The browser would show the title as a tip over the whole picture.
    this.removeAttribute("title");
    this.addTracks();
    this.wire();
    void this.open();
  }

  disconnectedCallback(): void {
    this.stop.abort();
    this.source?.close();
  }

  /** The moment of the broadcast on the screen (PROGRAM-DATE-TIME), or null before the first picture. */
  get currentMoment(): Date | null {
    return this.source?.dateAt(this.shell.video.currentTime) ?? null;
  }

  /** True when what is shown is what happens now. */
  get atLiveEdge(): boolean {
    return this.isLive && this.source!.edge - this.shell.video.currentTime < NEAR;
  }

  get video(): HTMLVideoElement {
    return this.shell.video;
  }

  /** Show the moment; a moment that is not there yet means the live edge. */
  seekTo(moment: Date): void {
    const time = this.source?.timeOf(moment) ?? null;
    if (time === null) {
      this.toLive();
      return;
    }
    this.goTo(time);
    void this.play();
  }

  toLive(): void {
    this.following = true;
    const edge = this.source?.edge ?? NaN;
    if (!Number.isNaN(edge)) this.shell.video.currentTime = edge;
    void this.play();
  }

  private get isLive(): boolean {
    return this.source?.live ?? false;
  }

  private async open(): Promise<void> {
    const src = this.getAttribute("src");
    if (!src) return;
    const events: SourceEvents = {
      changed: () => this.changed(),
      lost: (attempt, missing) => this.say(this.trouble(attempt, missing)),
      found: () => this.say(""),
    };
    const { HlsSource, playsByScript } = await import("./_hls");
    if (playsByScript()) {
      this.source = new HlsSource(this.shell.video, events);
    } else {
      const { NativeSource } = await import("./_native");
      this.source = new NativeSource(this.shell.video, events);
    }
    this.source.load(src, this.askedMoment());
    if (this.hasAttribute("autoplay") && !savesData()) await this.play();
    this.shell.begin.hidden = !this.shell.video.paused;
  }

  /** A link may carry a moment: `#t=2026-05-01T11:03:20.000Z`. */
  private askedMoment(): Date | null {
    const found = /^#t=(.+)$/.exec(location.hash);
    const moment = found?.[1] ? new Date(decodeURIComponent(found[1])) : null;
    if (moment === null || Number.isNaN(moment.getTime())) return null;
    this.following = false;
    return moment;
  }

  /** Play; where the browser forbids sound before a press, play silently and offer the sound. */
  private async play(): Promise<void> {
    const { video, unmute } = this.shell;
    this.wantsPlay = true;
    try {
      await video.play();
    } catch (refused) {
      if (!(refused instanceof DOMException) || refused.name !== "NotAllowedError" || video.muted) return;
      video.muted = true;
      unmute.hidden = false;
      await video.play().catch(() => undefined);
    }
  }

  private goTo(time: number): void {
    const { seekable } = this.shell.video;
    const first = seekable.length > 0 ? seekable.start(0) : 0;
    const edge = this.source?.edge ?? NaN;
    const wanted = Math.max(first, Number.isNaN(edge) ? time : Math.min(time, edge));
    this.following = this.isLive && edge - wanted < NEAR;
    this.shell.video.currentTime = wanted;
    this.tell();
  }

  private trouble(attempt: number, missing: boolean): string {
    if (missing && this.dataset["state"] === "replay") return this.words.missing;
    if (attempt < 2) return "";
    return this.shell.video.readyState === 0 ? this.words.waiting : this.words.lost;
  }

  private say(text: string): void {
    if (this.shell.status.textContent !== text) this.shell.status.textContent = text;
  }

  private changed(): void {
    this.markChapters();
    if (!this.shell.panel.hidden) this.fillPanel();
    this.showTime();
  }

  private wire(): void {
    const { signal } = this.stop;
    const { video, live, start, back, forward, settings, unmute, begin } = this.shell;
    const on = (target: EventTarget, name: string, act: (event: Event) => void): void =>
      target.addEventListener(name, act, { signal });
    on(live, "click", () => this.toLive());
    on(start, "click", () => this.goTo(0));
    on(back, "click", () => this.goTo(video.currentTime - 10));
    on(forward, "click", () => this.goTo(video.currentTime + 10));
    on(settings, "click", () => this.togglePanel());
    on(unmute, "click", () => {
      video.muted = false;
      if (video.volume === 0) video.volume = 1;
    });
    on(video, "volumechange", () => (unmute.hidden = unmute.hidden || !video.muted));
    on(begin, "click", () => {
      void this.play();
      // The button goes; whoever steers by keys must not be thrown back to the top of the page.
      this.shell.controller.querySelector<HTMLElement>("media-play-button")?.focus({ preventScroll: true });
    });
    on(video, "play", () => {
      this.wantsPlay = true;
      begin.hidden = true;
    });
    on(video, "pause", () => (this.wantsPlay = false));
    on(video, "canplay", () => this.wantsPlay && video.paused && void this.play());
    on(video, "seeked", () => {
      if (this.isLive) this.following = this.atLiveEdge;
      this.tell();
    });
    on(video.textTracks, "change", () => this.markCaptions());
    on(window, "online", () => this.source?.retry());
    on(document, "visibilitychange", () => document.hidden || this.wake());
    on(window, "hashchange", () => {
      const moment = this.askedMoment();
      if (moment) this.seekTo(moment);
    });
    this.addEventListener("maru:seek", (event) => this.seekTo((event as CustomEvent<{ pdt: Date }>).detail.pdt));
    on(document, "keydown", (event) => {
      if ((event as KeyboardEvent).key === "Escape" && !this.shell.panel.hidden) this.togglePanel();
    });
    listen(this, {
      toggle: () => {
        this.wantsPlay = video.paused;
        if (video.paused) void this.play();
        else video.pause();
      },
      seekBy: (seconds) => this.goTo(video.currentTime + seconds),
      seekToPart: (part) => this.goTo(part * (this.source?.edge ?? 0)),
      toLive: () => this.toLive(),
      mute: () => (video.muted = !video.muted),
      louder: (by) => (video.volume = Math.min(1, Math.max(0, video.volume + by))),
      fullscreen: () => this.shell.controller.querySelector<HTMLElement>("media-fullscreen-button")?.click(),
      captions: () => this.shell.controller.querySelector<HTMLElement>("media-captions-button")?.click(),
    }, signal);
    const ticking = setInterval(() => this.tick(), 250);
    signal.addEventListener("abort", () => clearInterval(ticking));
  }

  private tick(): void {
    const { video } = this.shell;
    if (!video.paused || video.seeking) this.tell();
    this.showTime();
    if (this.following && this.isLive && !video.paused && video.readyState > 0) this.catchUp();
    this.watch();
  }

  private tell(): void {
    const pdt = this.currentMoment;
    if (pdt) this.dispatchEvent(new CustomEvent("maru:moment", { detail: { pdt }, bubbles: true }));
  }

  private catchUp(): void {
    if (this.source!.edge - this.shell.video.currentTime > FAR) this.toLive();
  }

  /** hls.js skips small holes by itself; this asks again when the picture stands still though it should move. */
  private watch(): void {
    const { video } = this.shell;
    const moves = video.paused || video.ended || video.seeking || video.currentTime !== this.lastTime;
    this.standstill = moves ? 0 : this.standstill + 1;
    this.lastTime = video.currentTime;
    if (this.standstill === 32) this.source?.retry();
    if (this.standstill < 64) return;
    this.standstill = 0;
    this.source?.load(this.address, this.following ? null : this.currentMoment);
    void this.play();
  }

  private wake(): void {
    if (this.standstill > 0) this.source?.retry();
    if (this.following && this.isLive && !this.shell.video.paused) this.catchUp();
  }

  private get address(): string {
    const src = this.getAttribute("src") ?? "";
    return this.sound ? (this.dataset["sound"] ?? src) : src;
  }

  private showTime(): void {
    const { video, time, live, start } = this.shell;
    const edge = this.source?.edge ?? NaN;
    const isLive = this.isLive;
    live.hidden = !isLive;
    start.hidden = Number.isNaN(edge);
    if (isLive) {
      const here = this.atLiveEdge;
      live.classList.toggle("player__live--here", here);
      live.textContent = here ? this.words.live : this.words.toLive;
      const behind = edge - video.currentTime;
      time.textContent = here || Number.isNaN(behind) ? clock(video.currentTime) : `−${clock(behind)}`;
      time.title = here ? "" : this.words.behind;
    } else {
      time.textContent = Number.isNaN(edge) ? "" : `${clock(video.currentTime)} / ${clock(edge)}`;
    }
  }

  private togglePanel(): void {
    const { panel, settings, controller } = this.shell;
    panel.hidden = !panel.hidden;
    settings.setAttribute("aria-expanded", String(!panel.hidden));
    controller.toggleAttribute("noautohide", !panel.hidden);
    if (panel.hidden) settings.focus();
    else {
      this.fillPanel();
      panel.querySelector<HTMLElement>("input:checked, input")?.focus();
    }
  }

  private fillPanel(): void {
    const { panel, video } = this.shell;
    const qualities = this.source?.qualities ?? [];
    // Rebuilding under the finger would lose the focus: only when there is something new.
    const state = JSON.stringify([qualities, this.sound, this.isLive]);
    this.markCaptions();
    if (panel.dataset["state"] === state) return;
    panel.dataset["state"] = state;
    const focused = panel.contains(document.activeElement);
    fill(
      panel,
      this.words,
      {
        qualities,
        quality: this.quality,
        soundOnly: this.dataset["sound"] ? this.sound : null,
        speed: this.isLive ? null : video.playbackRate,
        captions: this.captions().map((track): [string, string] => [track.language, track.label]),
      },
      {
        quality: (height) => this.source?.setQuality((this.quality = height)),
        soundOnly: (wanted) => this.listenOnly(wanted),
        speed: (rate) => (video.playbackRate = rate),
        captions: (language) => this.showCaptions(language),
      },
    );
    this.markCaptions();
    if (focused) panel.querySelector<HTMLElement>("input:checked")?.focus();
  }

  private listenOnly(wanted: boolean): void {
    const at = this.following && this.isLive ? null : this.currentMoment;
    const playing = !this.shell.video.paused;
    this.sound = wanted;
    this.shell.soundOnly.hidden = !wanted;
    this.source?.load(this.address, at);
    if (playing) void this.play();
  }

  private captions(): TextTrack[] {
    return [...this.shell.video.textTracks].filter((track) => track.kind === "captions");
  }

  private showCaptions(language: string): void {
    for (const track of this.captions()) track.mode = track.language === language ? "showing" : "disabled";
  }

  private markCaptions(): void {
    markCaptions(this.shell.panel, this.captions().find((track) => track.mode === "showing")?.language ?? "");
  }

  private addTracks(): void {
    for (const track of JSON.parse(this.dataset["tracks"] || "[]") as Track[]) {
      const element = document.createElement("track");
      element.kind = "captions";
      element.src = track.src;
      element.label = track.label;
      element.srclang = track.lang;
      this.shell.video.append(element);
    }
  }

  /** Chapters become marks on the time line as soon as the playlist says where their moments lie. */
  private markChapters(): void {
    const chapters = JSON.parse(this.dataset["chapters"] || "[]") as Chapter[];
    const edge = this.source?.edge ?? NaN;
    if (Number.isNaN(edge)) return;
    const places = chapters
      .map(({ title, at }) => ({ title, time: this.source?.timeOf(new Date(at)) ?? null }))
      .filter((one): one is { title: string; time: number } => one.time !== null);
    const state = JSON.stringify([places, this.isLive ? 0 : edge]);
    if (state === this.marked || places.length === 0) return;
    this.marked = state;
    const { video } = this.shell;
    const known = [...video.textTracks].find((one) => one.kind === "chapters");
    const track = known ?? video.addTextTrack("chapters");
    track.mode = "hidden";
    for (const cue of [...(track.cues ?? [])]) track.removeCue(cue);
    places.forEach(({ title, time }, index) => {
      track.addCue(new VTTCue(time, places[index + 1]?.time ?? Math.max(edge, time + 1), title));
    });
  }
}

/** Who asked the browser to spare data decides alone when a picture is loaded. */
function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

if (!customElements.get("maru-player")) customElements.define("maru-player", MaruPlayer);
