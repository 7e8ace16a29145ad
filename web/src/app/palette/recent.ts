/** The pages that this browser visited last, for the palette.  Pure but for the browser's storage. */
import { place } from "../workspace";
import { parseList, recall, remember } from "../storage";

export interface Visit {
  link: string;
  label: string;
  /** What it belongs to: the experiment of a run. */
  hint: string;
}

const MOST = 8;
const KEY = `recent.${place.workspace}`;

export function visits(): Visit[] {
  return parse(recall(KEY));
}

/** Puts a visit first.  A page is listed once, whatever its query was. */
export function visited(visit: Visit): void {
  remember(KEY, JSON.stringify(withVisit(visits(), visit)));
}

export function withVisit(list: readonly Visit[], visit: Visit): Visit[] {
  const page = pageOf(visit.link);
  return [visit, ...list.filter((each) => pageOf(each.link) !== page)].slice(0, MOST);
}

export function parse(text: string | null): Visit[] {
  return parseList(text, isVisit, MOST);
}

function pageOf(link: string): string {
  return link.split("?")[0] ?? link;
}

function isVisit(value: unknown): value is Visit {
  if (typeof value !== "object" || value === null) return false;
  const { link, label, hint } = value as Record<string, unknown>;
  return typeof link === "string" && link.startsWith("#/") && typeof label === "string" && typeof hint === "string";
}
