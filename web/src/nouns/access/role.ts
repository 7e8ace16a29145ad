import type { Role } from "./access";
import { words } from "./words";

/** What a role allows, in the language that is shown; a custom role has the description of its author. */
export function roleText({ name, description, is_custom }: Pick<Role, "name" | "description" | "is_custom">): string {
  return (is_custom ? undefined : words.t.builtIn[name as keyof typeof words.t.builtIn]) ?? description ?? "";
}
