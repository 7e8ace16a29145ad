import type { components } from "@/api/schema";
import { href } from "@/app/address";
import { titleText } from "@/nouns/job/job";
import { strings } from "./strings";

export type Change = components["schemas"]["LoggedChange"];

/** The page of a change's object; undefined for objects without a page. */
export function linkOf({ entity, entity_id }: Pick<Change, "entity" | "entity_id">): string | undefined {
  const cut = entity_id.lastIndexOf("/");
  switch (entity) {
    case "run":
      return href("runs", entity_id);
    case "link":
      return href("links", entity_id);
    case "drift_monitor":
      return href("drift", entity_id);
    case "job_schedule":
      return href("jobs");
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
    case "trace":
      return href("traces", entity_id);
    case "quota":
      return href("overview");
    case "alert":
    case "alert_rule":
      return href("alerts");
  }
  return undefined;
}

/** Kinds and actions in the language that is shown; their names on the wire if the UI knows no words for them. */
export function entityText(entity: string): string {
  return strings.t.entities[entity as keyof typeof strings.t.entities] ?? entity.replaceAll("_", " ");
}

export function actionText(action: string): string {
  return strings.t.actions[action as keyof typeof strings.t.actions] ?? action.replaceAll("-", " ");
}

/** The name of what changed; its id where it has none or is gone. */
export function nameText({ entity, entity_id, name }: Pick<Change, "entity" | "entity_id" | "name">): string {
  if (!name) return idText(entity_id);
  return entity === "job" ? titleText(name) : name;
}

/** Ids of 32 digits are cut; names stay whole. */
function idText(id: string): string {
  return /^[0-9a-f]{32}$|^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id) ? `${id.slice(0, 12)}…` : id;
}

/** The detail of a change in one line: `status: FAILED, before: RUNNING`. */
export function detailText(detail: unknown): string {
  if (detail === undefined || detail === null) return "";
  if (typeof detail !== "object" || Array.isArray(detail)) return JSON.stringify(detail);
  return Object.entries(detail)
    .filter(([name, value]) => name !== "uid" && value !== null && value !== "" && JSON.stringify(value) !== "{}")
    .map(([name, value]) => `${name}: ${textOf(value)}`)
    .join(", ");
}

function textOf(value: unknown): string {
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(4)));
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
