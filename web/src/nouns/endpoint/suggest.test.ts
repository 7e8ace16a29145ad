import { expect, test } from "vitest";
import type { Endpoint } from "./endpoint";
import { suggestDeployment, suggestEndpoint } from "./suggest";

function endpoint(name: string, deployments: Record<string, string>): Endpoint {
  const made = Object.entries(deployments).map(([each, model_name]) => ({ name: each, model_name }));
  return { name, deployments: made } as unknown as Endpoint;
}

test("an endpoint that serves the model is offered before a new name", () => {
  const endpoints = [endpoint("other", { blue: "iris" }), endpoint("eu", { blue: "iris", green: "churn" })];

  expect(suggestEndpoint("churn", endpoints)).toBe("eu");
  expect(suggestEndpoint("churn 2", endpoints)).toBe("churn-2");
  expect(suggestEndpoint("churn", [])).toBe("churn");
});

test("the name of a deployment is a new one", () => {
  expect(suggestDeployment(undefined, "7")).toBe("blue");
  expect(suggestDeployment(endpoint("eu", { blue: "churn" }), "7")).toBe("green");
  expect(suggestDeployment(endpoint("eu", { blue: "churn", green: "churn" }), "7")).toBe("v7");
  expect(suggestDeployment(endpoint("eu", { blue: "c", green: "c", v7: "c", "v7-2": "c" }), "7")).toBe("v7-3");
});
