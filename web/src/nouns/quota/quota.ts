import type { components } from "@/api/schema";
import { formatBytes, formatCount } from "@/i18n/format";

export type QuotaUse = components["schemas"]["QuotaUse"] | components["schemas"]["ShownQuota"];
export const MEASURES = ["runs", "points", "bytes", "endpoints", "jobs"] as const;
export type Measure = (typeof MEASURES)[number];
export const SCOPES = ["workspace", "server", "user", "experiment"] as const;
export type Scope = (typeof SCOPES)[number];

/** A use or a limit as people read it: bytes with their unit, counts with separators. */
export function amount(measure: string, value: number): string {
  return measure === "bytes" ? formatBytes(value) : formatCount(value);
}

/** The used share, 0 to 1 and beyond; all of a limit of 0 is used. */
export function share({ used, limit }: { used: number; limit: number }): number {
  return limit > 0 ? used / limit : 1;
}

const FACTORS: Record<string, number> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** The number of a text such as `5000`, `50M` or `10 GiB`; undefined for any other text. */
export function limitOf(text: string): number | undefined {
  const found = /^([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = FACTORS[(found?.[2] ?? "?").toLowerCase()];
  const limit = found && factor !== undefined ? Math.floor(Number(found[1]) * factor) : NaN;
  return Number.isSafeInteger(limit) ? limit : undefined;
}
