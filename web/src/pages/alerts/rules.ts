import type { components } from "@/api/schema";
import { href } from "@/app/address";

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

/** By the first part of an event's type, and by measures without a target. */
const PAGES: Readonly<Record<string, string>> = {
  run: "experiments",
  experiment: "experiments",
  registered: "models",
  model: "models",
  stage: "models",
  prompt: "models",
  endpoint: "endpoints",
  deployment: "endpoints",
  drift: "drift",
  quota: "overview",
  quota_percent: "overview",
  job_wait_s: "jobs",
  failed_jobs: "jobs",
  dead_deliveries: "webhooks",
};

/** The page of what a rule measures; undefined if no page shows it. */
export function causeLink({ measure, target }: Pick<Rule, "measure" | "target">): string | undefined {
  const kind = targetOf(measure as Measure);
  if (kind === "endpoint" || kind === "link") return href(`${kind}s`, ...(target ? [target] : []));
  const page = PAGES[kind === "event" ? (target.split(/[._]/)[0] ?? "") : measure];
  return page && href(page);
}

/** Formats that people read; a webhook of one of these is a channel. */
export const CHANNELS: readonly string[] = ["mail", "slack", "teams"];
