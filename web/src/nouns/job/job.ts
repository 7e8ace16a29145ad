import type { components } from "@/api/schema";
import { href } from "@/app/address";
import { formatCount, formatDuration } from "@/i18n/format";
import { words } from "./words";

export type Job = components["schemas"]["ShownJob"];

export const jobLink = (id: string): string => href("jobs", id);
export const isLive = (job: Job): boolean => job.state === "queued" || job.state === "running";

/** "1,200 of 5,000 rows, 300 a second, 13 s left". */
export function progressText({ progress }: Job): string {
  const parts = [];
  if (progress.done || progress.total !== undefined) {
    const done = formatCount(progress.done);
    const count = progress.total === undefined ? done : words.t.of(done, formatCount(progress.total));
    parts.push([count, progress.unit].filter(Boolean).join(" "));
  }
  if (progress.per_s) parts.push(words.t.rate(formatCount(Math.round(progress.per_s))));
  if (progress.left_s !== undefined) parts.push(words.t.left(formatDuration(progress.left_s * 1000)));
  return parts.join(", ");
}
