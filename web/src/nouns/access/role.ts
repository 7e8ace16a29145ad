import type { Role } from "./access";
import { strings } from "./strings";

/** What a role allows, in the language that is shown; a custom role has the description of its author. */
export function roleText({ name, description, is_custom }: Pick<Role, "name" | "description" | "is_custom">): string {
  return (is_custom ? undefined : strings.t.builtIn[name as keyof typeof strings.t.builtIn]) ?? description ?? "";
}
