import type { IconName } from "@/ui/icons";
import { strings } from "./strings";

type Tone = "neutral" | "success" | "warning" | "danger" | "info";

/** The states of endpoints and deployments, and of replicas. */
export const LOOKS: Record<string, [Tone, IconName, keyof typeof strings.t.states]> = {
  Healthy: ["success", "check", "healthy"],
  Transitioning: ["info", "running", "transitioning"],
  Unhealthy: ["warning", "alert", "unhealthy"],
  Unschedulable: ["danger", "alert", "unschedulable"],
  Failed: ["danger", "close", "failed"],
  pending: ["warning", "alert", "pending"],
  ready: ["success", "check", "ready"],
  starting: ["info", "running", "starting"],
  stopping: ["neutral", "stop", "stopping"],
  failed: ["danger", "close", "failed"],
};

/** The name of a state in the language of the page. */
export function stateText(state: string): string {
  const look = LOOKS[state];
  return look ? strings.t.states[look[2]] : state;
}
