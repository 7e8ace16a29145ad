import type { components } from "@/api/schema";
import { href } from "@/app/address";
import { formatCount, formatDuration } from "@/i18n/format";
import { words } from "./words";
import en from "./words.en";

export type Job = components["schemas"]["ShownJob"];

export const jobLink = (id: string): string => href("jobs", id);
export const isLive = (job: Job): boolean => job.state === "queued" || job.state === "running";

/** What a kind of jobs does, in the language that is shown; the server's words for a kind that the UI does not know. */
export function kindTitle({ name, title = name }: { name: string; title?: string }): string {
  return words.t.kinds[name as keyof typeof words.t.kinds] ?? title;
}

/** The title of a job in the language that is shown.  The server makes it of the kind, after the name of a schedule. */
export function jobTitle({ kind, title }: Pick<Job, "kind" | "title">): string {
  const english = en.kinds[kind as keyof typeof en.kinds] as string | undefined;
  return english && title.endsWith(english)
    ? title.slice(0, -english.length) + words.t.kinds[kind as keyof typeof en.kinds]
    : title;
}

function unitText(unit = ""): string {
  return words.t.counted[unit as keyof typeof words.t.counted] ?? unit;
}

/** "1,200 of 5,000 rows, 300 a second, 13 s left". */
export function progressText(job: Job): string {
  const { progress } = job;
  const parts = [];
  if (progress.done || progress.total !== undefined) {
    const done = formatCount(progress.done);
    const count = progress.total === undefined ? done : words.t.of(done, formatCount(progress.total));
    parts.push([count, unitText(progress.unit)].filter(Boolean).join(" "));
  }
  if (!isLive(job)) return parts.join(", ");
  if (progress.per_s)
    parts.push(
      words.t.rate(
        formatCount(progress.per_s < 10 ? Number(progress.per_s.toPrecision(2)) : Math.round(progress.per_s)),
      ),
    );
  if (progress.left_s !== undefined) parts.push(words.t.left(formatDuration(progress.left_s * 1000)));
  return parts.join(", ");
}
