import { faultText } from "@/api/fault";
import type { components } from "@/api/schema";
import { href } from "@/app/address";
import { formatCount, formatDuration } from "@/i18n/format";
import { strings } from "./strings";
import en from "./strings.en";

export type Job = components["schemas"]["ShownJob"];

export const jobLink = (id: string): string => href("jobs", id);
export const isLive = (job: Job): boolean => job.state === "queued" || job.state === "running";

/** What a kind of jobs does, in the language that is shown; the server's words for a kind that the UI does not know. */
export function kindTitle({ name, title = name }: { name: string; title?: string }): string {
  return strings.t.kinds[name as keyof typeof strings.t.kinds] ?? title;
}

type Kind = keyof typeof en.kinds;

/** What the server makes of the parameters of a kind, where it does not take the kind's own title. */
const DESCRIBED: { kind: Kind; english: RegExp; text: (...values: string[]) => string }[] = [
  { kind: "drift", english: /^Monitor (.+)$/, text: (name = "") => strings.t.described.drift(name) },
  { kind: "profile", english: /^Profile (\S+)$/, text: (uri = "") => strings.t.described.profile(uri) },
  {
    kind: "score",
    english: /^Score (.+) with (\S+)$/,
    text: (table = "", uri = "") => strings.t.described.score(table, uri),
  },
  {
    kind: "workspace-deletion",
    english: /^Delete workspaces (.+)$/,
    text: (names = "") => strings.t.described.end(names),
  },
  {
    kind: "project",
    english: /^Run (\S+) of (.+)$/,
    text: (entry = "", uri = "") =>
      strings.t.described.project(entry, uri === "a project" ? strings.t.described.anyProject : uri),
  },
];

/** The title of a job in the language that is shown.  The server makes it of the kind, after the name of a schedule, or of the
 *  job's parameters. */
export function jobTitle({ kind, title }: Pick<Job, "kind" | "title">): string {
  const english = en.kinds[kind as Kind] as string | undefined;
  if (english && title.endsWith(english)) return title.slice(0, -english.length) + strings.t.kinds[kind as Kind];
  for (const each of DESCRIBED) {
    const [, ...values] = (each.kind === kind && each.english.exec(title)) || [];
    if (values.length) return each.text(...values);
  }
  return title;
}

/** The same for a job of an unknown kind. */
export function titleText(title: string): string {
  const kinds = Object.keys(en.kinds);
  return kinds.map((kind) => jobTitle({ kind, title })).find((text) => text !== title) ?? title;
}

function unitText(unit = ""): string {
  return strings.t.counted[unit as keyof typeof strings.t.counted] ?? unit;
}

interface Ended {
  reason: string;
  cause?: Job["cause"] | undefined;
}

/** Why a job is in its state, in the language that is shown; the server's words where there is no translation. */
export async function reasonText({ reason, cause }: Ended): Promise<string> {
  if (!cause) return reason;
  const { error_code = "", key = "", values = {}, attempts = 0 } = cause;
  const text = await faultText({ error_code, message: reason, reason: key ? { key, values } : null });
  return key && attempts && text !== reason ? `${text} ${strings.t.tried(attempts)}` : text;
}

/** What a running job does. */
export function messageText({ progress }: Job): string {
  const { message = "", message_key = "", message_values = {} } = progress;
  return strings.t.messages[message_key]?.(message_values) ?? message;
}

/** "1,200 of 5,000 rows, 300 a second, 13 s left". */
export function progressText(job: Job): string {
  const { progress } = job;
  const parts = [];
  if (progress.done || progress.total !== undefined) {
    const done = formatCount(progress.done);
    const count = progress.total === undefined ? done : strings.t.of(done, formatCount(progress.total));
    parts.push([count, unitText(progress.unit)].filter(Boolean).join(" "));
  }
  if (!isLive(job)) return parts.join(", ");
  if (progress.per_s)
    parts.push(
      strings.t.rate(
        formatCount(progress.per_s < 10 ? Number(progress.per_s.toPrecision(2)) : Math.round(progress.per_s)),
      ),
    );
  if (progress.left_s !== undefined) parts.push(strings.t.left(formatDuration(progress.left_s * 1000)));
  return parts.join(", ");
}
