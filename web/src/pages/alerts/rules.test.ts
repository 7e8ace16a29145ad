import { expect, test } from "vitest";
import { EVENTS } from "@/nouns/activity/events";
import { causeLink, MEASURES, targetOf } from "./rules";

test("a measure has a target where the server takes one", () => {
  const having = MEASURES.filter((measure) => targetOf(measure) !== undefined);

  expect(having).toEqual([
    "events",
    "link_lag_s",
    "link_failed_items",
    "unhealthy_deployments",
    "endpoint_error_percent",
    "endpoint_p95_ms",
    "endpoint_requests",
  ]);
});

test("a rule leads to the page of what it measures", () => {
  expect(causeLink({ measure: "events", target: "drift.detected" })).toBe("#/drift");
  expect(causeLink({ measure: "events", target: "model_version_alias.created" })).toBe("#/models");
  expect(causeLink({ measure: "endpoint_p95_ms", target: "eu" })).toBe("#/endpoints/eu");
  expect(causeLink({ measure: "unhealthy_deployments", target: "" })).toBe("#/endpoints");
  expect(causeLink({ measure: "link_lag_s", target: "" })).toBe("#/links");
  expect(causeLink({ measure: "quota_percent", target: "" })).toBe("#/overview");
  expect(causeLink({ measure: "job_wait_s", target: "" })).toBe("#/jobs");
  expect(causeLink({ measure: "failed_jobs", target: "" })).toBe("#/jobs");
  expect(causeLink({ measure: "dead_deliveries", target: "" })).toBe("#/webhooks");
});

test("only an event of an alert has no page of its cause", () => {
  const types = Object.entries(EVENTS).flatMap(([of, verbs]) => verbs.map((verb) => `${of}.${verb}`));

  expect(types.filter((target) => !causeLink({ measure: "events", target }))).toEqual([
    "alert.fired",
    "alert.resolved",
  ]);
});
