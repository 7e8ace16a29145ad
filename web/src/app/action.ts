import type { IconName } from "@/ui/icons";
import type { Thing } from "./session/rights.svelte";

/** One thing that can be done.  The same object feeds the button, the menu, the key, the palette and the help. */
export interface Action {
  id: string;
  label: string;
  icon?: IconName;
  /** `x`, `Shift+X`, `Mod+k` (Ctrl, or Command on a Mac), `g r` for two keys in turn. */
  key?: string;
  enabled?: boolean;
  danger?: boolean;
  /** The right that it takes: nothing offers it to callers without the right.  See `session/actions.ts`. */
  needs?: string;
  /** The object that the right is asked for at; left out: the workspace or the server. */
  of?: Thing;
  /** Menus draw a line above it. */
  starts?: boolean;
  run: () => unknown;
}
