import type { components } from "@/api/schema";
import { href } from "@/app/address";

export type Change = components["schemas"]["LoggedChange"];

/** Where a change's object is shown; undefined for objects that have no page of their own. */
export function linkOf({ entity, entity_id }: Pick<Change, "entity" | "entity_id">): string | undefined {
  const cut = entity_id.lastIndexOf("/");
  switch (entity) {
    case "experiment":
      return href("experiments", entity_id);
    case "registered_model":
      return href("models", entity_id);
    case "model_version":
      return cut > 0 ? href("models", entity_id.slice(0, cut), "versions", entity_id.slice(cut + 1)) : undefined;
    case "endpoint":
      return href("endpoints", entity_id);
    case "job":
      return href("jobs", entity_id);
    case "webhook":
      return href("webhooks", entity_id);
    case "quota":
      return href("overview");
    case "alert":
    case "alert_rule":
      return href("alerts");
  }
  return undefined;
}

/** The detail of a change in one line: `status: FAILED, before: RUNNING`. */
export function detailText(detail: unknown): string {
  if (detail === undefined || detail === null) return "";
  if (typeof detail !== "object" || Array.isArray(detail)) return JSON.stringify(detail);
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
}
