import { countLines, lineAt, type Line, type Opened } from "@/grid/outline";
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

/** The lines of the table: pinned runs, then a list and what was opened below its rows.  A pinned run is in the list, too. */
export class Outline {
  readonly root: AnyList;
  readonly #below: (row: Row) => RunList;
  readonly #pinned: () => RunList | null;
  /** By the list and the key of the row that was opened. */
  #opened = $state.raw(new Map<AnyList, Map<string, RunList>>());

  constructor(root: AnyList, below: (row: Row) => RunList, pinned: () => RunList | null) {
    this.root = root;
    this.#below = below;
    this.#pinned = pinned;
  }

  get length(): number {
    return this.frozen + countLines(this.root, this.#openedOf);
  }

  /** How many of the first lines are pinned runs. */
  get frozen(): number {
    return this.#pinned()?.length ?? 0;
  }

  row(line: number): Row | undefined {
    if (line < this.frozen) {
      const run = this.#pinned()?.row(line);
      return run && { kind: "run", key: run.id, run, level: 0, isOpen: null, isApart: true };
    }
    const at = this.#at(line);
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
    for (let line = Math.max(first, this.frozen); line < end; line += 1) {
      const at = this.#at(line);
      if (!at) break;
      const sight = sights.get(at.list);
      sights.set(at.list, { first: sight?.first ?? at.index, end: at.index + 1 });
    }
    if (!sights.size) this.root.need(Math.max(first - this.frozen, 0), Math.max(end - this.frozen, 0));
    for (const [list, sight] of sights) list.need(sight.first, sight.end);
  }

  open(line: number, isOpen: boolean): void {
    const row = this.row(line);
    if (row?.isOpen === null || row === undefined) return;
    const at = this.#at(line);
    if (!at) return;
    const lists = new Map(this.#opened);
    const of = new Map(lists.get(at.list));
    if (isOpen) of.set(row.key, of.get(row.key) ?? this.#below(row));
    else of.delete(row.key);
    lists.set(at.list, of);
    this.#opened = lists;
  }

  /** Closes every row. */
  close(): void {
    for (const list of this.#lower()) list.stop();
    this.#opened = new Map();
  }

  lists(): AnyList[] {
    const pinned = this.#pinned();
    return [this.root, ...(pinned ? [pinned] : []), ...this.#lower()];
  }

  /** Stops what is loaded below the pinned runs. */
  stop(): void {
    this.root.stop();
    this.close();
  }

  #at(line: number): Line<AnyList> | null {
    return lineAt<AnyList>(this.root, line - this.frozen, this.#openedOf);
  }

  #lower(): RunList[] {
    return [...this.#opened.values()].flatMap((of) => [...of.values()]);
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
