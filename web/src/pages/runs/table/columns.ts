import { formatDuration, formatValue, type Places } from "@/i18n/format";
import { EXPERIMENT, parseField } from "@/nouns/run/field";
import type { Row } from "../rows/outline.svelte";
import type { RunRow } from "../rows/list.svelte";

export function isNumeric(field: string): boolean {
  return parseField(field).kind === "metric" || field === "duration";
}

/** The columns with those that order the rows first, by their rank. */
export function orderedFirst<Each extends { field: string }>(
  columns: readonly Each[],
  order: readonly { field: string }[],
): Each[] {
  const first = order.flatMap(({ field }) => columns.find((each) => each.field === field) ?? []);
  return [...first, ...columns.filter((each) => !first.includes(each))];
}

/** What a cell says; "" where there is no value. */
export function textOf(row: Row, field: string, now: number, places: Places = null): string {
  return row.kind === "run" ? textOfRun(row.run, field, now, places) : textOfGroup(row, field, places);
}

function textOfRun(run: RunRow, field: string, now: number, places: Places): string {
  switch (field) {
    case "duration":
      return run.start === null ? "" : formatDuration(Math.max((run.end ?? now) - run.start, 0));
    case "user_id":
      return run.user;
    case "run_id":
      return run.id;
    case EXPERIMENT:
      return run.experimentId;
  }
  const value = run.values.get(field);
  if (value === null || value === undefined) return "";
  return typeof value === "number" || isNumeric(field) ? formatValue(Number(value), places) : value;
}

/** The mean of the group's runs with the standard deviation, or what the column asks for. */
function textOfGroup(row: Row & { kind: "group" }, field: string, places: Places): string {
  const { kind, key, aggregate } = parseField(field);
  if (kind !== "metric") return "";
  const found = [...row.group.metrics].find(([each]) => parseField(each).key === key)?.[1];
  if (!found || found.mean === null) return "";
  if (aggregate === "min") return found.min === null ? "" : formatValue(found.min, places);
  if (aggregate === "max") return found.max === null ? "" : formatValue(found.max, places);
  if (!found.sd) return formatValue(found.mean, places);
  // Beside its deviation, a mean that is nearly zero needs no exponent.
  const isNearZero = typeof places === "number" && Math.abs(found.mean) < found.sd && found.sd >= 10 ** -places;
  const mean = isNearZero ? found.mean.toFixed(places) : formatValue(found.mean, places);
  return `${mean} ± ${formatValue(Number(found.sd.toPrecision(2)))}`;
}

/** A cell's value for its colour; null if it has none. */
export function numberOf(row: Row, field: string): number | null {
  if (row.kind !== "run") return null;
  const value = row.run.values.get(field);
  const number = value === null || value === undefined || value === "" ? NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}
