/** An event of a model's history in strings. */
import type { components } from "@/api/schema";
import type { strings } from "../strings";

export type HistoryEvent = components["schemas"]["Event"];

export function eventText(event: HistoryEvent, t: typeof strings.t): string {
  const { kind, version = "", alias = "", before, after, name } = event;
  if (kind === "model") {
    if (before === undefined) return t.modelMade(after ?? name);
    return after === undefined ? t.modelDeleted(before) : t.modelRenamed(before, after);
  }
  if (kind === "version") return after === undefined ? t.versionDeleted(version) : t.versionMade(version);
  if (kind === "stage") return t.staged(version, before ?? "–", after ?? "–");
  if (after === undefined) return t.unaliased(alias, before ?? version);
  return before === undefined ? t.aliased(alias, after) : t.aliasMoved(alias, before, after);
}
