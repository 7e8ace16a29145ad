/** The images of a folder that are shown small in its view.  Pure. */
import type { Entry } from "../files";
import { kindOf } from "../kind";

export interface Tile {
  entry: Entry;
  /** What is loaded: the image, or the small copy that `mlflow.log_image` makes of it. */
  path: string;
}

/** Larger images without a small copy are left to the list of files. */
export const MAX_BYTES = 2 * 1024 * 1024;
const SMALL = /[%+]compressed\.webp$/;

export function tilesOf(entries: readonly Entry[]): Tile[] {
  const small = new Map(
    entries.filter(({ path }) => SMALL.test(path)).map(({ path }) => [path.replace(SMALL, ""), path]),
  );
  return entries
    .filter(({ path, isFolder }) => !isFolder && kindOf(path) === "image" && !SMALL.test(path))
    .map((entry) => ({ entry, path: small.get(entry.path.replace(/\.\w+$/, "")) ?? entry.path }))
    .filter(({ entry, path }) => path !== entry.path || entry.sizeBytes <= MAX_BYTES);
}
