/** The chart of a dataset. Its numbers stand in the table beside it; here they are only drawn. */

import uPlot, { type AlignedData, type Options, type Series } from "uplot";
import "uplot/dist/uPlot.min.css";
import { startSwaps, SWAPPED } from "./_swap";

interface Line {
  label: string;
  unit: string;
  values: (number | null)[];
}

interface ChartData {
  /** Seconds since 1970 for times, positions 0, 1, 2 … for names. */
  x: number[];
  names: string[];
  time: boolean;
  bars: boolean;
  lines: Line[];
  xLabel: string;
  lang: string;
  timeZone: string;
}

/** Differ in lightness and in dashes too, for eyes that do not part the colours. */
const INKS = ["--accent", "--live", "--info", "--warn", "--wood", "--good"];
const DASHES: number[][] = [[], [8, 4], [2, 3], [12, 4, 2, 4], [5, 5], [1, 4]];
let drawn: { plot: uPlot; watch: ResizeObserver } | null = null;

function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function seriesOf(line: Line, index: number, data: ChartData, format: Intl.NumberFormat): Series {
  const stroke = ink(INKS[index % INKS.length]!);
  const series: Series = {
    label: line.unit ? `${line.label} (${line.unit})` : line.label,
    stroke,
    width: 2,
    dash: DASHES[index % DASHES.length]!,
    spanGaps: false,
    points: { show: data.x.length < 60 },
    value: (_plot, value) => (value === null || value === undefined ? "–" : `${format.format(value)} ${line.unit}`),
  };
  if (data.bars && uPlot.paths.bars) {
    series.paths = uPlot.paths.bars({ size: [0.7, 64] });
    series.fill = stroke;
    series.dash = [];
    series.points = { show: false };
  }
  return series;
}

function options(place: HTMLElement, data: ChartData): Options {
  const format = new Intl.NumberFormat(data.lang, { maximumFractionDigits: 4 });
  const short = new Intl.NumberFormat(data.lang, { notation: "compact", maximumSignificantDigits: 5 });
  const moment = new Intl.DateTimeFormat(data.lang, { dateStyle: "medium", timeStyle: "short", timeZone: data.timeZone });
  const axis = { stroke: ink("--ink-soft"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line"), width: 1 }, font: "13px sans-serif" };
  const name = (value: number): string => data.names[Math.round(value)] ?? "";
  const units = [...new Set(data.lines.map((line) => line.unit))];
  const made: Options = {
    width: place.clientWidth,
    height: Math.max(260, Math.min(460, Math.round(place.clientWidth * 0.5))),
    tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), data.timeZone),
    scales: { x: { time: data.time, ...(data.time && data.x.length === 1 ? { range: [data.x[0]! - 43_200, data.x[0]! + 43_200] as [number, number] } : {}), ...(data.bars ? { range: [-0.6, data.x.length - 0.4] as [number, number] } : {}) }, y: { range: data.bars ? (_plot, low, high) => [Math.min(0, low), Math.max(0, high) * 1.05 || 1] : (_plot, low, high) => span(low, high) } },
    series: [{ label: data.xLabel, value: (_plot, value) => (value === null || value === undefined ? "–" : data.time ? moment.format(value * 1000) : name(value)) }, ...data.lines.map((line, index) => seriesOf(line, index, data, format))],
    axes: [
      data.time ? { ...axis, space: 84, values: (_plot, splits, _axis, _space, step) => moments(splits, step, data) } : { ...axis, splits: (plot, _axis, low, high) => data.x.filter((at) => at >= low && at <= high && at % step(plot.width, data) === 0), values: (_plot, splits) => splits.map((at) => cut(name(at))) },
      { ...axis, size: 64, values: (_plot, splits) => splits.map((value) => short.format(value)), ...(units.length === 1 && units[0] ? { label: units[0], labelSize: 20, labelFont: "13px sans-serif" } : {}) },
    ],
    padding: [null, 30, null, null],
    cursor: { drag: { x: true, y: false } },
  };
  return made;
}

function span(low: number, high: number): [number, number] {
  if (low === high) return [low - 1, high + 1];
  const room = (high - low) * 0.06;
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}

/** Moments of the axis in the reader's language, each day's first with its date below. */
function moments(splits: number[], step: number, data: ChartData): string[] {
  const write = (parts: Intl.DateTimeFormatOptions): ((at: number) => string) => {
    const format = new Intl.DateTimeFormat(data.lang, { ...parts, timeZone: data.timeZone });
    return (at) => format.format(at * 1000);
  };
  if (step >= 28 * 86_400) return splits.map(write({ year: "numeric", month: "short" }));
  const day = write({ month: "short", day: "numeric" });
  if (step >= 86_400) return splits.map(day);
  const time = write({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  let last = "";
  return splits.map((at) => {
    const today = day(at);
    const said = today === last ? time(at) : `${time(at)}\n${today}`;
    last = today;
    return said;
  });
}

/** Every how many names one is written, so that none covers its neighbour. */
function step(width: number, data: ChartData): number {
  const longest = Math.max(...data.names.map((name) => [...cut(name)].length), 2);
  const room = Math.max(1, Math.floor((width - 100) / (longest * 9 + 12)));
  return Math.max(1, Math.ceil(data.x.length / room));
}

function cut(text: string): string {
  return text.length > 9 ? `${text.slice(0, 8)}…` : text;
}

function draw(): void {
  drawn?.watch.disconnect();
  drawn?.plot.destroy();
  drawn = null;
  const place = document.querySelector<HTMLElement>("[data-chart]");
  const source = document.getElementById("chart-data");
  if (!place || !source?.textContent) return;
  const data = JSON.parse(source.textContent) as ChartData;
  if (!data.x.length || !data.lines.length) return;
  place.hidden = false;
  const values: AlignedData = [data.x, ...data.lines.map((line) => line.values)];
  const plot = new uPlot(options(place, data), values, place);
  // The picture says nothing to a screen reader; its table does.
  plot.root.querySelector("canvas")?.setAttribute("aria-hidden", "true");
  const watch = new ResizeObserver(() => {
    const width = place.clientWidth;
    if (width && Math.abs(width - plot.width) > 1) plot.setSize({ width, height: Math.max(260, Math.min(460, Math.round(width * 0.5))) });
  });
  watch.observe(place);
  drawn = { plot, watch };
}

startSwaps();
draw();
document.addEventListener(SWAPPED, draw);
new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
