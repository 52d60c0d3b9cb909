/** Points gather into circles with their number, areas are filled; no tile, font or style is fetched from anywhere. */

import { setWorkerUrl, type GeoJSONSource, LngLatBounds, Map as Chart, type MapGeoJSONFeature, NavigationControl, Popup, ScaleControl, type StyleSpecification } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import type * as GeoJSON from "geojson";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";

interface Column {
  name: string;
  title: string;
  unit: string;
  time: boolean;
}

interface MapData {
  address: string;
  most: number;
  bounds: [number, number, number, number] | null;
  columns: Column[];
  lang: string;
  timeZone: string;
  words: Record<string, string>;
}

const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A net of degrees, so that an empty sheet shows where and how large it is. */
function net(bounds: LngLatBounds, step: number): GeoJSON.FeatureCollection {
  const [west, south, east, north] = [bounds.getWest(), Math.max(-85, bounds.getSouth()), bounds.getEast(), Math.min(85, bounds.getNorth())];
  const lines: GeoJSON.Feature[] = [];
  const line = (coordinates: [number, number][]): void => void lines.push({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } });
  for (let at = Math.floor(west / step) * step; at <= east && lines.length < 200; at += step) line([[at, south], [at, north]]);
  for (let at = Math.floor(south / step) * step; at <= north && lines.length < 400; at += step) line([[west, at], [east, at]]);
  return { type: "FeatureCollection", features: lines };
}

function stepFor(zoom: number): number {
  return [30, 30, 15, 10, 5, 2, 1, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.01][Math.min(14, Math.max(0, Math.floor(zoom)))] ?? 0.005;
}

function style(): StyleSpecification {
  const area = ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false] as const;
  const way = ["match", ["geometry-type"], ["LineString", "MultiLineString"], true, false] as const;
  return {
    version: 8,
    sources: {
      net: { type: "geojson", data: NOTHING },
      rows: { type: "geojson", data: NOTHING, cluster: true, clusterRadius: 44, clusterMaxZoom: 15, generateId: true },
      shapes: { type: "geojson", data: NOTHING, generateId: true },
    },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": ink("--sunk") } },
      { id: "net", type: "line", source: "net", paint: { "line-color": ink("--line"), "line-width": 1 } },
      { id: "areas", type: "fill", source: "shapes", filter: area as never, paint: { "fill-color": ink("--accent"), "fill-opacity": 0.22, "fill-outline-color": ink("--accent") } },
      { id: "edges", type: "line", source: "shapes", filter: ["any", area, way] as never, paint: { "line-color": ink("--accent"), "line-width": 2 } },
      { id: "points", type: "circle", source: "rows", filter: ["!", ["has", "point_count"]], paint: { "circle-radius": 7, "circle-color": ink("--accent"), "circle-stroke-color": ink("--surface"), "circle-stroke-width": 2 } },
      { id: "clusters", type: "circle", source: "rows", filter: ["has", "point_count"], paint: { "circle-color": ink("--wood"), "circle-radius": ["step", ["get", "point_count"], 15, 20, 19, 100, 25, 1000, 32], "circle-stroke-color": ink("--surface"), "circle-stroke-width": 3 } },
      { id: "counts", type: "symbol", source: "rows", filter: ["has", "point_count"], layout: { "text-field": ["get", "point_count_abbreviated"], "text-font": ["sans-serif"], "text-size": 13, "text-allow-overlap": true }, paint: { "text-color": ink("--surface") } },
    ],
  };
}

function card(feature: MapGeoJSONFeature, data: MapData): HTMLElement {
  const list = document.createElement("dl");
  list.className = "map__card";
  const format = new Intl.NumberFormat(data.lang, { maximumFractionDigits: 6 });
  for (const column of data.columns) {
    const value: unknown = feature.properties[column.name];
    if (value === undefined || value === null || value === "") continue;
    const term = document.createElement("dt");
    const says = document.createElement("dd");
    term.textContent = column.title;
    says.textContent = typeof value === "number" && column.unit ? `${format.format(value)} ${column.unit}` : column.time ? clock(String(value), data) : String(value);
    list.append(term, says);
  }
  return list;
}

function clock(iso: string, data: MapData): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : new Intl.DateTimeFormat(data.lang, { dateStyle: "medium", timeStyle: "short", timeZone: data.timeZone }).format(at);
}

/** Several records of one place lie on each other: all of them are told, up to a screenful. */
function cards(found: MapGeoJSONFeature[], data: MapData): HTMLElement {
  const all = document.createElement("div");
  all.className = "map__cards";
  all.tabIndex = 0;
  for (const one of found.slice(0, 12)) all.append(card(one, data));
  return all;
}

function say(place: HTMLElement, words: string): void {
  const says = place.parentElement?.querySelector<HTMLElement>("[data-map-says]");
  if (says && says.textContent !== words) says.textContent = words;
}

/** Only what lies in sight, again after each move; with at most `most` of them the whole dataset is fetched once. */
class Rows {
  private last = "";
  private whole = false;
  private stop: AbortController | null = null;

  private readonly map: Chart;
  private readonly data: MapData;
  private readonly place: HTMLElement;

  constructor(map: Chart, data: MapData, place: HTMLElement) {
    this.map = map;
    this.data = data;
    this.place = place;
  }

  async refresh(first: boolean): Promise<void> {
    if (this.whole) return;
    const bounds = this.map.getBounds();
    const box = first ? "" : [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((one) => one.toFixed(5)).join(",");
    if (box === this.last && !first) return;
    this.last = box;
    this.stop?.abort();
    this.stop = new AbortController();
    const address = new URL(this.data.address, location.href);
    if (box) address.searchParams.set("bbox", box);
    address.searchParams.set("limit", String(this.data.most));
    try {
      const answer = await fetch(address, { signal: this.stop.signal, credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      this.take((await answer.json()) as GeoJSON.FeatureCollection & { numberMatched?: number }, first);
    } catch (reason) {
      if (!(reason instanceof DOMException && reason.name === "AbortError")) say(this.place, this.data.words.failed ?? "");
    }
  }

  private take(found: GeoJSON.FeatureCollection & { numberMatched?: number }, first: boolean): void {
    const points = found.features.filter((one) => one.geometry?.type === "Point");
    const others = found.features.filter((one) => one.geometry && one.geometry.type !== "Point");
    this.map.getSource<GeoJSONSource>("rows")?.setData({ type: "FeatureCollection", features: points });
    this.map.getSource<GeoJSONSource>("shapes")?.setData({ type: "FeatureCollection", features: others });
    const total = found.numberMatched ?? found.features.length;
    this.whole = first && total <= found.features.length;
    const format = new Intl.NumberFormat(this.data.lang);
    const sentence = total > found.features.length ? this.data.words.part : this.data.words.all;
    say(this.place, (sentence ?? "").replace("{n}", format.format(found.features.length)).replace("{total}", format.format(total)));
    this.place.dataset.features = String(found.features.length);
    if (first) this.fit(found);
  }

  private fit(found: GeoJSON.FeatureCollection): void {
    const bounds = new LngLatBounds();
    const walk = (part: unknown): void => {
      if (!Array.isArray(part)) return;
      if (typeof part[0] === "number" && typeof part[1] === "number") bounds.extend([part[0], part[1]]);
      else part.forEach(walk);
    };
    for (const one of found.features) if (one.geometry && "coordinates" in one.geometry) walk(one.geometry.coordinates);
    if (!bounds.isEmpty()) this.map.fitBounds(bounds, { padding: 40, maxZoom: 15, animate: false });
  }
}

export function show(place: HTMLElement): void {
  const source = document.getElementById("map-data");
  if (!source?.textContent) return;
  const data = JSON.parse(source.textContent) as MapData;
  setWorkerUrl(new URL(worker, import.meta.url).href);
  const map = new Chart({
    container: place,
    style: style(),
    ...(data.bounds ? { bounds: data.bounds, fitBoundsOptions: { padding: 40, maxZoom: 15 } } : { center: [127, 36], zoom: 5 }),
    attributionControl: false,
    maxZoom: 19,
    dragRotate: false,
    pitchWithRotate: false,
    locale: { "Map.Title": data.words.title ?? "Map", "NavigationControl.ZoomIn": data.words.nearer ?? "+", "NavigationControl.ZoomOut": data.words.farther ?? "−" },
    cooperativeGestures: matchMedia("(pointer: coarse)").matches,
  });
  place.classList.add("is-ready");
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({}), "bottom-left");
  map.touchZoomRotate.disableRotation();
  const rows = new Rows(map, data, place);
  const redraw = (): void => {
    map.getSource<GeoJSONSource>("net")?.setData(net(map.getBounds(), stepFor(map.getZoom())));
  };
  map.on("load", () => {
    place.dataset.ready = "";
    redraw();
    void rows.refresh(true);
    map.on("moveend", () => {
      redraw();
      void rows.refresh(false);
    });
  });
  map.on("click", "clusters", (event) => {
    const found = event.features?.[0];
    if (!found || found.geometry.type !== "Point") return;
    const centre = found.geometry.coordinates as [number, number];
    void map
      .getSource<GeoJSONSource>("rows")
      ?.getClusterExpansionZoom(found.properties.cluster_id as number)
      .then((zoom) => map.easeTo({ center: centre, zoom }));
  });
  for (const layer of ["points", "areas", "edges"]) {
    map.on("click", layer, (event) => {
      const found = event.features ?? [];
      if (found.length) new Popup({ maxWidth: "20rem" }).setLngLat(event.lngLat).setDOMContent(cards(found, data)).addTo(map);
    });
  }
  for (const layer of ["clusters", "points", "areas"]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
  const recolour = (): void => {
    for (const layer of style().layers) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        if (typeof value === "string" && map.getLayer(layer.id)) map.setPaintProperty(layer.id, name as never, value as never);
      }
    }
  };
  new MutationObserver(recolour).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
}
