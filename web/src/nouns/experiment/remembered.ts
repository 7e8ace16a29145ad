import { parseList, recall, remember } from "@/app/storage";
import { place } from "@/app/workspace";
import { hasView } from "./marks";

/** The pins and colours that were last chosen for a table of runs.  The browser keeps them; an address that says what it shows
 *  wins.  Pure but for the browser's storage. */
export interface Marks {
  pins: string | null;
  colours: string | null;
}

/** Whose marks they are (the experiments of the table), and the marks. */
interface Kept extends Marks {
  of: string;
}

const MOST = 100;
const KEY = `marks.${place.workspace}`;

/** What an address shows without any choice of its own; undefined if nothing was chosen, or the address has a view. */
export function recallMarks(experiments: readonly string[], query: URLSearchParams): Marks | undefined {
  if (hasView(query) || query.has("v")) return undefined;
  const of = tableOf(experiments);
  const found = parse(recall(KEY)).find((each) => each.of === of);
  return found && { pins: found.pins, colours: found.colours };
}

/** Also without marks: a user who unpins the runs of a default view does not want them back. */
export function rememberMarks(experiments: readonly string[], query: URLSearchParams): void {
  const marks = { pins: query.get("pins"), colours: query.get("colours") };
  remember(KEY, JSON.stringify(withMarks(parse(recall(KEY)), { of: tableOf(experiments), ...marks })));
}

/** Puts the marks of a table first. */
export function withMarks(list: readonly Kept[], kept: Kept): Kept[] {
  return [kept, ...list.filter((each) => each.of !== kept.of)].slice(0, MOST);
}

export function parse(text: string | null): Kept[] {
  return parseList(text, isKept, MOST);
}

/** The same experiments in another order are the same table. */
function tableOf(experiments: readonly string[]): string {
  return JSON.stringify([...new Set(experiments)].sort());
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { of, pins, colours } = value as Record<string, unknown>;
  return typeof of === "string" && [pins, colours].every((each) => each === null || typeof each === "string");
}
