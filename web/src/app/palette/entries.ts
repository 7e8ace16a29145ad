/** The entries of the palette for a typed text.  Pure. */
import type { IconName } from "@/ui/icons";
import type { Action } from "../action";
import type { Visit } from "./recent";
import type { Target } from "./find";

export interface Entry {
  id: string;
  section: "recent" | "actions" | "pages" | "found";
  label: string;
  hint: string;
  icon: IconName | undefined;
  key: string | undefined;
  run: () => unknown;
}

interface Sources {
  actions: readonly Action[];
  pages: readonly { link: string; label: string; icon: IconName }[];
  recent: readonly Visit[];
  found: readonly Target[];
  go: (link: string) => void;
}

const ICONS: Record<Target["kind"], IconName> = {
  experiment: "flask",
  model: "cube",
  run: "running",
  endpoint: "endpoint",
  monitor: "eye",
  workspace: "workspace",
};

/** `>` before the text limits the entries to actions. */
export function entriesFor(text: string, { actions, pages, recent, found, go }: Sources): Entry[] {
  const isActionsOnly = text.startsWith(">");
  const wanted = text.replace(/^>/, "").trim().toLowerCase();
  const has = (label: string): boolean => wanted.split(/\s+/).every((word) => label.toLowerCase().includes(word));
  const doable = lastOfEach(actions).filter((each) => each.enabled !== false && each.label && has(each.label));
  const listed: Entry[] = doable.map(({ id, label, icon, key, run }) => ({
    id: `action ${id}`,
    section: "actions",
    label,
    hint: "",
    icon,
    key,
    run,
  }));
  if (isActionsOnly) return listed;
  const link = (section: Entry["section"], to: string, label: string, hint: string, icon?: IconName): Entry => ({
    id: `${section} ${to}`,
    section,
    label,
    hint,
    icon,
    key: undefined,
    run: () => go(to),
  });
  const visits = recent
    .filter((each) => has(each.label))
    .map((each) => link("recent", each.link, each.label, each.hint));
  const places = pages
    .filter((each) => has(each.label))
    .map((each) => link("pages", each.link, each.label, "", each.icon));
  const targets = found.map((each) => link("found", each.link, each.label, each.hint, ICONS[each.kind]));
  return wanted ? [...targets, ...listed, ...places, ...visits] : [...visits, ...listed, ...places];
}

/** The innermost action of each id: a page's own action replaces that of the frame. */
function lastOfEach(actions: readonly Action[]): Action[] {
  return [...new Map(actions.map((each) => [each.id, each])).values()];
}
