import type { components } from "@/api/schema";

export type Rule = components["schemas"]["ShownRule"];
export const MEASURES = [
  "events",
  "quota_percent",
  "link_lag_s",
  "link_failed_items",
  "job_wait_s",
  "failed_jobs",
  "unhealthy_deployments",
  "endpoint_error_percent",
  "endpoint_p95_ms",
  "endpoint_requests",
  "dead_deliveries",
] as const;
export type Measure = (typeof MEASURES)[number];
export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a measure's target names, if it has one. */
export function targetOf(measure: Measure): "event" | "link" | "endpoint" | undefined {
  if (measure === "events") return "event";
  if (measure.startsWith("link_")) return "link";
  return measure.startsWith("endpoint_") || measure === "unhealthy_deployments" ? "endpoint" : undefined;
}

/** Formats that people read; a webhook of one of these is a channel. */
export const CHANNELS: readonly string[] = ["mail", "slack", "teams"];
