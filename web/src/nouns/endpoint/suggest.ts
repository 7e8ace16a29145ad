/** What the dialog that deploys a version offers.  Pure. */
import type { Endpoint } from "./endpoint";
import { nameFor } from "./name";

const NAMES = ["blue", "green"];

/** The name of an endpoint that serves the model already, else a new name made of the model's. */
export function suggestEndpoint(model: string, endpoints: readonly Endpoint[]): string {
  const serving = endpoints.find(({ deployments }) => deployments.some((each) => each.model_name === model));
  return serving?.name ?? nameFor(model);
}

/** A name that no deployment of the endpoint has: a new deployment leaves the served version as it is. */
export function suggestDeployment(endpoint: Endpoint | undefined, version: string): string {
  const taken = new Set(endpoint?.deployments.map((each) => each.name));
  const own = `v${version}`;
  for (let at = 2; ; at += 1) {
    const found = [...NAMES, own, `${own}-${at}`].find((name) => !taken.has(name));
    if (found !== undefined) return found;
  }
}
