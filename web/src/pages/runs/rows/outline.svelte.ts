import { countLines, lineAt, lineOf, type Opened } from "@/grid/outline";
import type { Group, GroupList } from "./groups.svelte";
import { RunList, type RunRow } from "./list.svelte";

export type AnyList = RunList | GroupList;

/** What stands at a line of the table. */
export type Row =
  | {
      kind: "run";
      key: string;
      run: RunRow;
      level: number;
      isOpen: boolean | null;
      /** Beside runs that are not its siblings: its parent is named. */
      isApart: boolean;
    }
  | { kind: "group"; key: string; group: Group; level: number; isOpen: boolean | null };

/** The lines of the table: a list, and what was opened below its rows. */
export class Outline {
  readonly root: AnyList;
  readonly #below: (row: Row) => RunList;
  /** By the list and the key of the row that was opened. */
  #opened = $state.raw(new Map<AnyList, Map<string, RunList>>());

  constructor(root: AnyList, below: (row: Row) => RunList) {
    this.root = root;
    this.#below = below;
  }

  get length(): number {
    return countLines(this.root, this.#openedOf);
  }

  row(line: number): Row | undefined {
    const at = lineAt<AnyList>(this.root, line, this.#openedOf);
    if (!at) return undefined;
    const opened = this.#opened.get(at.list);
    if (at.list instanceof RunList) {
      const run = at.list.row(at.index);
      if (!run) return undefined;
      const canOpen = run.children > 0 && at.list.question.parent !== undefined;
      return {
        kind: "run",
        key: run.id,
        run,
        level: at.level,
        isOpen: canOpen ? (opened?.has(run.id) ?? false) : null,
        isApart: at.list.question.parent === undefined,
      };
    }
    const group = at.list.row(at.index);
    if (!group) return undefined;
    return {
      kind: "group",
      key: group.key,
      group,
      level: at.level,
      isOpen: group.filter === null ? null : (opened?.has(group.key) ?? false),
    };
  }

  /** Loads what is in sight, in each list. */
  need(first: number, end: number): void {
    const sights = new Map<AnyList, { first: number; end: number }>();
    for (let line = first; line < end; line += 1) {
      const at = lineAt<AnyList>(this.root, line, this.#openedOf);
      if (!at) break;
      const sight = sights.get(at.list);
      sights.set(at.list, { first: sight?.first ?? at.index, end: at.index + 1 });
    }
    if (!sights.size) this.root.need(first, end);
    for (const [list, sight] of sights) list.need(sight.first, sight.end);
  }

  open(line: number, isOpen: boolean): void {
    const at = lineAt<AnyList>(this.root, line, this.#openedOf);
    const row = this.row(line);
    if (!at || row?.isOpen === null || row === undefined) return;
    const lists = new Map(this.#opened);
    const of = new Map(lists.get(at.list));
    if (isOpen) of.set(row.key, of.get(row.key) ?? this.#below(row));
    else of.delete(row.key);
    lists.set(at.list, of);
    this.#opened = lists;
  }

  /** Closes every row. */
  close(): void {
    for (const list of this.lists()) if (list !== this.root) list.stop();
    this.#opened = new Map();
  }

  /** The line of a run that is loaded. */
  lineOf(id: string): number | null {
    for (const list of this.lists()) {
      if (!(list instanceof RunList)) continue;
      const found = list.loaded().find(([, run]) => run.id === id);
      if (found) return lineOf<AnyList>(this.root, list, found[0], this.#openedOf);
    }
    return null;
  }

  lists(): AnyList[] {
    return [this.root, ...[...this.#opened.values()].flatMap((of) => [...of.values()])];
  }

  stop(): void {
    for (const list of this.lists()) list.stop();
  }

  readonly #openedOf = (list: AnyList): Opened<AnyList>[] => {
    const of = this.#opened.get(list);
    if (!of?.size) return [];
    const found: Opened<AnyList>[] = [];
    for (const [index, row] of list.loaded()) {
      const below = of.get("id" in row ? row.id : row.key);
      if (below) found.push({ index, list: below });
    }
    return found;
  };
}
