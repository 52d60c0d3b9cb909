/** Which opinions this browser wrote, so that their author hears when one of them is hidden. */

function key(slug: string): string {
  return `maru:own:${slug}`;
}

function read(slug: string): string[] {
  try {
    return JSON.parse(sessionStorage.getItem(key(slug)) ?? "[]") as string[];
  } catch {
    return [];
  }
}

export function isOwn(slug: string, id: string): boolean {
  return read(slug).includes(id);
}

export function addOwn(slug: string, id: string): void {
  try {
    sessionStorage.setItem(key(slug), JSON.stringify([...read(slug).slice(-99), id]));
  } catch {
    // Storage may be full or forbidden; loading the page again shows the same.
  }
}
