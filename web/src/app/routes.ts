import type { Component } from "svelte";
import type { IconName } from "@/ui/icons";
import { href, pattern, type Params, type Pattern } from "./address";

/** A page: `pages/NAME/route.ts` exports one, and the router finds it by itself. */
export interface PageRoute {
  /** The page's addresses, such as `experiments/:experiment`. */
  paths: string[];
  /** The page, in a separate chunk.  It gets the parameters of its address. */
  load: () => Promise<{ default: Component<{ params: Params }> | Component<Record<string, never>> }>;
  /** Where the rail leads to this page. */
  rail?: {
    name: RailName;
    icon: IconName;
    order: number;
    /** The entry is there for callers with one of these rights on the server, or in the workspace.  Empty: for all. */
    needs?: readonly string[];
  };
  /** The rail's entry that is lit on this page. */
  section?: RailName;
}

export type RailName =
  | "overview"
  | "experiments"
  | "models"
  | "endpoints"
  | "jobs"
  | "drift"
  | "links"
  | "workspaces"
  | "webhooks"
  | "imports"
  | "storage"
  | "trash"
  | "access";

export interface Found {
  route: PageRoute;
  params: Params;
}

const modules = import.meta.glob<{ default: PageRoute }>("../pages/*/route.ts", { eager: true });
export const routes: PageRoute[] = Object.values(modules).map((module) => module.default);

const table: [Pattern, PageRoute][] = routes
  .flatMap((route) => route.paths.map((text): [Pattern, PageRoute] => [pattern(text), route]))
  .sort(([a], [b]) => weight(b) - weight(a));

export function find(path: string): Found | null {
  for (const [each, route] of table) {
    const params = each.match(path);
    if (params) return { route, params };
  }
  return null;
}

/** The list that a page belongs to, such as `#/models` of a model; empty for pages of none. */
export function listOf(path: string): string {
  const [first = ""] = path.split("/").filter(Boolean);
  return find(`/${first}`)?.route.rail ? href(first) : "";
}

/** Words before parameters, parameters before a rest. */
function weight({ text }: Pattern): number {
  const parts = text.split("/");
  return parts.reduce((sum, part) => sum + (part.startsWith("*") ? -100 : part.startsWith(":") ? 1 : 2), 0);
}
