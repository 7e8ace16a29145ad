import type { components } from "@/api/schema";
import type { IconName } from "@/ui/icons";

export type Run = components["schemas"]["Run"];

/** A metric's value on the wire is a number, or `NaN`, `Infinity` or `-Infinity` as a word: JSON has no number for these. */
/** A metric's value.  The wire has the largest number in place of infinity, as MLflow's. */
export function toNumber(value: number | string): number {
  const number = Number(value);
  return Math.abs(number) === Number.MAX_VALUE ? Math.sign(number) * Infinity : number;
}

type Tone = "neutral" | "accent" | "success" | "warning" | "danger";

const STATES: Record<string, { tone: Tone; icon: IconName }> = {
  RUNNING: { tone: "accent", icon: "running" },
  SCHEDULED: { tone: "neutral", icon: "dot" },
  FINISHED: { tone: "success", icon: "check" },
  FAILED: { tone: "danger", icon: "alert" },
  KILLED: { tone: "warning", icon: "stop" },
};

export function stateOf(status: string): { tone: Tone; icon: IconName } {
  return STATES[status] ?? { tone: "neutral", icon: "dot" };
}

/** Tags that clients write for themselves. */
export function isSystemTag(key: string): boolean {
  return key.startsWith("mlflow.");
}

/** Metrics of the machine: of MLflow's own sampler. */
export function isSystemMetric(key: string): boolean {
  return key.startsWith("system/");
}
