export interface Commands {
  toggle(): void;
  seekBy(seconds: number): void;
  seekToPart(part: number): void;
  toLive(): void;
  mute(): void;
  louder(by: number): void;
  fullscreen(): void;
  captions(): void;
}

const STORED = "maru:player-keys";

/** Single-letter keys can be switched off (WCAG 2.1.4), for people who steer by speech. */
export function keysWanted(): boolean {
  return localStorage.getItem(STORED) !== "off";
}

export function wantKeys(wanted: boolean): void {
  localStorage.setItem(STORED, wanted ? "on" : "off");
}

/** Listen while the focus is in the player or nowhere; never while somebody types or operates another control. */
export function listen(player: HTMLElement, commands: Commands, signal: AbortSignal): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const focus = document.activeElement;
    const inside = player.contains(focus);
    if (!inside && focus !== document.body && focus !== null) return;
    if (focus?.matches("input, select, textarea, [contenteditable]")) return;
    // A pressed button keeps its own keys, a slider its arrows.
    if (inside && (event.key === " " || event.key === "Enter") && !focus?.matches("maru-player, media-controller")) return;
    if (inside && event.key.startsWith("Arrow") && focus?.matches("media-time-range, media-volume-range")) return;
    if (!keysWanted() && event.key.length === 1 && event.key !== " ") return;
    if (!inside && event.key.startsWith("Arrow")) return;
    if (press(event, commands)) event.preventDefault();
  }, { signal });
}

/* By place on the keyboard (code), so that k is k while Hangul is being typed. */
function press(event: KeyboardEvent, commands: Commands): boolean {
  if (/^Digit\d$/.test(event.code) && !event.shiftKey) {
    commands.seekToPart(Number(event.code.slice(5)) / 10);
    return true;
  }
  const acts: Record<string, () => void> = {
    Space: () => commands.toggle(),
    KeyK: () => commands.toggle(),
    KeyJ: () => commands.seekBy(-10),
    KeyL: () => commands.seekBy(10),
    ArrowLeft: () => commands.seekBy(-5),
    ArrowRight: () => commands.seekBy(5),
    ArrowUp: () => commands.louder(0.1),
    ArrowDown: () => commands.louder(-0.1),
    KeyM: () => commands.mute(),
    KeyF: () => commands.fullscreen(),
    KeyC: () => commands.captions(),
    End: () => commands.toLive(),
    Home: () => commands.seekToPart(0),
  };
  const act = acts[event.code];
  act?.();
  return act !== undefined;
}
