import type { components } from "@/api/schema";
import { href } from "@/app/address";
import { apiUrl } from "@/app/workspace";

export type Endpoint = components["schemas"]["ShownEndpoint"];
export type Deployment = components["schemas"]["ShownDeployment"];

export const endpointLink = (name: string): string => href("endpoints", name);

/** Where rows are sent to, in this page's workspace. */
export const scoringUrl = (endpoint: Endpoint): string => apiUrl(endpoint.scoring_path).href;

/** `churn 7`, or the URI of a model that is not registered. */
export function servedName(deployment: Deployment): string {
  return deployment.model_name ? `${deployment.model_name} ${deployment.model_version ?? ""}` : deployment.model_uri;
}
