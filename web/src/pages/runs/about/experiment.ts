import type { components } from "@/api/schema";

export type Experiment = components["schemas"]["trackside.experiments.model.Experiment"];

/** The experiment with a tag set, or without it. */
export function withTag(experiment: Experiment, key: string, value: string | undefined): Experiment {
  const others = (experiment.tags ?? []).filter((tag) => tag.key !== key);
  return { ...experiment, tags: value === undefined ? others : [...others, { key, value }] };
}
