import { href } from "@/app/address";
import { place, workspaceUrl } from "@/app/workspace";
import { parseScope } from "./access";

/** The address of the page for the object of a scope; undefined if no page shows it. */
export function scopePage(text: string): string | undefined {
  const scope = parseScope(text);
  if (!scope || scope.id === "*") return undefined;
  const { workspace, kind, id } = scope;
  const pages = { experiments: "experiments", models: "models", onlineEndpoints: "endpoints" };
  const hash = kind ? href(pages[kind], id) : "#/experiments";
  return workspace === place.workspace ? hash : workspaceUrl(workspace, hash);
}
