/** When a schedule fires: the two ways that a schedule has, as a form has them. */
import type { components } from "@/api/schema";
import { formatCount } from "@/i18n/format";
import { strings } from "./strings";

export type Schedule = components["schemas"]["ShownSchedule"];
export type When = "now" | "cron" | "interval";

export const UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;
export type Unit = keyof typeof UNITS;
const SIGNS = { minutes: "min", hours: "h", days: "d" } as const;

/** Cron expressions that people start from. */
export const PRESETS = {
  hourly: "0 * * * *",
  daily: "30 2 * * *",
  weekdays: "0 6 * * 1-5",
  weekly: "0 6 * * 1",
  monthly: "0 6 1 * *",
} as const;

/** An interval in the largest unit that it is a whole number of. */
export function unitOf(seconds: number): { count: number; unit: Unit } {
  const unit = (["days", "hours"] as const).find((each) => seconds % UNITS[each] === 0) ?? "minutes";
  return { count: seconds / UNITS[unit], unit };
}

/** "30 2 * * * Europe/Madrid", or "every 6 h". */
export function whenText({ cron, timezone, interval_s }: Schedule): string {
  if (cron) return `${cron} ${timezone ?? ""}`.trim();
  const { count, unit } = unitOf(interval_s ?? 0);
  return strings.t.every(`${formatCount(count)} ${SIGNS[unit]}`);
}

/** Why the server paused a schedule or a monitor; unknown reasons are shown as the server sends them. */
export function pauseText(reason: string): string {
  const { mayNot, disabled, deleted } = strings.t.pauseReasons;
  const [, user, action] = /^(.+), who created it, does not have (\S+) in the whole workspace$/.exec(reason) ?? [];
  if (user !== undefined && action !== undefined) return mayNot(user, action);
  const [, out] = /^(.+), who created it, is disabled$/.exec(reason) ?? [];
  if (out !== undefined) return disabled(out);
  return reason === "the user who created it was deleted" ? deleted : reason;
}

export function zones(): { own: string; all: readonly string[] } {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  return { own, all: [...new Set([own, "UTC", ...Intl.supportedValuesOf("timeZone")])] };
}
