/** The sheet: parts exchanged in place, and arrows that walk from cell to cell. */

import { startSwaps, swap } from "./_swap";

const STEPS: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function cellAt(table: HTMLTableElement, row: number, column: number): HTMLTableCellElement | null {
  return table.rows[row]?.cells[column] ?? null;
}

function walk(event: KeyboardEvent): void {
  const place = event.target as HTMLElement;
  const sheet = place.closest<HTMLElement>("[data-sheet]");
  if (!sheet || event.altKey || event.metaKey) return;
  if ((event.key === "PageDown" || event.key === "PageUp") && !event.ctrlKey && place.closest("td, th")) {
    const link = document.querySelector<HTMLAnchorElement>(event.key === "PageDown" ? "a[rel=next][data-swap]" : "a[rel=prev][data-swap]");
    if (!link) return;
    event.preventDefault();
    void swap(link.href, link.dataset.swap ?? "").then(() => enter(1, 0));
    return;
  }
  const table = sheet.querySelector("table");
  if (!table) return;
  const cell = place.closest<HTMLTableCellElement>("td, th");
  if (!cell) return begin(event, sheet, place);
  const row = (cell.parentElement as HTMLTableRowElement).rowIndex;
  const step = STEPS[event.key];
  let next: HTMLTableCellElement | null = null;
  if (step) next = cellAt(table, row + step[0], cell.cellIndex + step[1]);
  else if (event.key === "Home") next = cellAt(table, event.ctrlKey ? 0 : row, 0);
  else if (event.key === "End") next = cellAt(table, event.ctrlKey ? table.rows.length - 1 : row, table.rows[row]!.cells.length - 1);
  else return;
  event.preventDefault();
  if (next) focusCell(next);
}

/** From the frame around the table an arrow downwards steps inside. */
function begin(event: KeyboardEvent, sheet: HTMLElement, place: HTMLElement): void {
  if (place !== sheet || event.key !== "Enter") return;
  event.preventDefault();
  enter(1, 0);
}

function enter(row: number, column: number): void {
  const table = document.querySelector<HTMLTableElement>("[data-sheet] table");
  const cell = table && cellAt(table, row, column);
  if (cell) focusCell(cell);
}

/** A heading holds a link: that takes the focus, so that Enter sorts. */
function focusCell(cell: HTMLTableCellElement): void {
  const inside = cell.querySelector<HTMLElement>("a");
  const target = inside ?? cell;
  if (!inside) cell.tabIndex = -1;
  target.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

startSwaps();
document.addEventListener("keydown", walk);
