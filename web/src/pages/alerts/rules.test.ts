import { expect, test } from "vitest";
import { MEASURES, targetOf } from "./rules";

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
