import type { components } from "@/api/schema";

export type Link = components["schemas"]["Shown"];

/** A remote that did not answer lately: the error is newer than the last success. */
export function isFailing(link: Link): boolean {
  return Boolean(link.last_error) && (link.last_error_at ?? 0) > (link.last_success_at ?? 0);
}

/** A name for a link from the address that it leads to; empty if there is none to be seen. */
export function nameFor(address: string): string {
  const workspace = /\/ws\/([\w-]+)\/?$/.exec(address)?.[1];
  const host = /^(?:https?|databricks):\/\/(?:[^/@]*@)?([\w.-]+)/.exec(address)?.[1] ?? "";
  const name = workspace ?? host.split(".")[0] ?? "";
  return name.replace(/^[^A-Za-z0-9]+/, "").slice(0, 100);
}
