/** What the page reads of a run.  Pure. */
import type { components } from "@/api/schema";

export type Run = components["schemas"]["Run"];
export type Link = components["schemas"]["Shown"];

export const PARENT_TAG = "mlflow.parentRunId";

export function tagsOf(run: Run): Record<string, string> {
  return Object.fromEntries((run.data.tags ?? []).map(({ key, value }) => [key, value]));
}

/** Undefined while the run is running. */
export function durationOf({ info }: Run): number | undefined {
  const end = info.end_time;
  return end === undefined || !info.start_time ? undefined : Math.max(0, Number(end) - Number(info.start_time));
}

/** The run with a tag set, or without it. */
export function withTag(run: Run, key: string, value: string | undefined): Run {
  const others = (run.data.tags ?? []).filter((tag) => tag.key !== key);
  const tags = value === undefined ? others : [...others, { key, value }];
  return { ...run, data: { ...run.data, tags } };
}

/** Does a link mirror the runs of an experiment of this name, by its filter?  As the server's globs: `*`, `?`, `[abc]`. */
export function isMirrored(link: Link, experiment: string): boolean {
  const { experiments = [], exclude = [] } = link.options;
  if (exclude.some((glob) => matches(glob, experiment))) return false;
  return experiments.length === 0 || experiments.some((glob) => matches(glob, experiment));
}

export function matches(glob: string, text: string): boolean {
  const pattern = glob.replace(
    /\[(!?)([^\]]+)\]|[\s\S]/gu,
    (part, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not ? "^" : ""}${set.replace(/[\\\]^]/g, "\\$&")}]`;
      if (part === "*") return "[\\s\\S]*";
      if (part === "?") return "[\\s\\S]";
      return part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    },
  );
  try {
    return new RegExp(`^(?:${pattern})$`, "u").test(text);
  } catch {
    return false; // a set such as [z-a] matches nothing
  }
}
