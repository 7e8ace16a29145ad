import { api } from "@/api/client";
import { DATASETS, datasetsOf, plain, type DatasetUse } from "@/nouns/run/dataset";
import { shownName } from "@/nouns/run/name";
import { asFailure, isAbort, type Failure } from "@/api/failure";
import type { components } from "@/api/schema";
import type { List } from "@/grid/outline";

/** One row of the table. */
export interface RunRow {
  id: string;
  name: string;
  experimentId: string;
  status: string;
  isDeleted: boolean;
  user: string;
  start: number | null;
  end: number | null;
  parent: string | null;
  /** Empty for a run without a parent, and for a parent that cannot be read. */
  parentName: string;
  children: number;
  /** Of a tree: whether the run itself meets the filter, or only a run below it. */
  matches: boolean;
  /** By field, of the columns that were asked for. */
  values: ReadonlyMap<string, number | string | null>;
  /** Empty if their column was not asked for. */
  datasets: readonly DatasetUse[];
}

export interface Question {
  experimentIds: string[];
  filter: string;
  lifecycle: string;
  columns: string[];
  orderBy: string[];
  /** undefined: all runs in one list; "": those without a parent; else the children of a run. */
  parent?: string;
  /** Only these, of those that match. */
  ids?: readonly string[];
}

type Answer = components["schemas"]["Window"];

const BLOCK = 100;
const MAX_BLOCKS = 200;
const MAX_ROWS_OF_A_CALL = 1000;

/** A list of runs of which only windows are loaded.  One call is under way at a time; when it is back, what is in sight by
 *  then is asked for.  A new question leaves the old rows until its first answer. */
export class RunList implements List {
  length = $state(0);
  /** Of all runs, also those that stand below others. */
  matching = $state(0);
  total = $state(0);
  isLoading = $state(true);
  failure = $state.raw<Failure | undefined>();
  /** Another object with the first answer to another order or filter. */
  arrangement = $state.raw({});
  #isRearranged = false;
  /** Grows when rows come: what reads `row` in a derived value is computed again. */
  #version = $state(0);
  #question: Question;
  #blocks = new Map<number, RunRow[]>();
  #snapshot: string | undefined;
  #isStale = true;
  #isBusy = false;
  #sight = { first: 0, end: BLOCK };
  #abort = new AbortController();

  constructor(question: Question) {
    this.#question = question;
    void this.#fill();
  }

  get question(): Question {
    return this.#question;
  }

  row(index: number): RunRow | undefined {
    void this.#version;
    return this.#blocks.get(Math.floor(index / BLOCK))?.[index % BLOCK];
  }

  /** The rows that are loaded, with their places. */
  loaded(): [number, RunRow][] {
    void this.#version;
    return [...this.#blocks].flatMap(([block, rows]) =>
      rows.map((row, index): [number, RunRow] => [block * BLOCK + index, row]),
    );
  }

  /** Says what is in sight. */
  need(first: number, end: number): void {
    this.#sight = { first, end };
    void this.#fill();
  }

  /** Asks something else, or the same for what is there now. */
  ask(question: Question = this.#question): void {
    const isOther = { ...question, columns: [] };
    const keepsOrder = JSON.stringify(isOther) === JSON.stringify({ ...this.#question, columns: [] });
    if (!keepsOrder || question === this.#question) this.#snapshot = undefined;
    if (!keepsOrder) this.rearrange();
    this.#question = question;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#isStale = true;
    this.#isBusy = false;
    void this.#fill();
  }

  /** The next answer is shown from the top. */
  rearrange(): void {
    this.#isRearranged = true;
    this.#sight = { first: 0, end: this.#sight.end - this.#sight.first };
  }

  /** The ids of rows from one place to another, loaded or not. */
  async idsBetween(first: number, last: number): Promise<string[]> {
    const ids: string[] = [];
    for (let at = first; at <= last; at += MAX_ROWS_OF_A_CALL) {
      const count = Math.min(MAX_ROWS_OF_A_CALL, last - at + 1);
      const cached = Array.from({ length: count }, (_, index) => this.row(at + index)?.id);
      if (cached.every((id) => id !== undefined)) ids.push(...cached);
      else ids.push(...((await this.#call(at, count, [], this.#abort.signal)).runs.run_id ?? []));
    }
    return ids;
  }

  /** New values of runs that are loaded; those that meet the filter no more keep what they had. */
  async refresh(ids: string[]): Promise<void> {
    const places = new Map(this.loaded().map(([index, row]) => [row.id, index]));
    const wanted = ids.filter((id) => places.has(id)).slice(0, MAX_ROWS_OF_A_CALL);
    if (!wanted.length) return;
    const { experimentIds, filter, lifecycle, columns } = this.#question;
    const selection = { experiment_ids: experimentIds, filter, lifecycle, columns };
    const body = { ...selection, run_ids: wanted, max_results: wanted.length };
    const answer = await api.post("/api/trackside/v1/runs/table", { body, signal: this.#abort.signal });
    for (const row of rowsOf(answer, columns)) {
      const index = places.get(row.id);
      const rows = index === undefined ? undefined : this.#blocks.get(Math.floor(index / BLOCK));
      const old = rows?.[(index ?? 0) % BLOCK];
      if (rows && old?.id === row.id)
        rows[(index ?? 0) % BLOCK] = { ...row, children: old.children, matches: old.matches };
    }
    this.#version += 1;
  }

  stop(): void {
    this.#abort.abort();
  }

  async #fill(): Promise<void> {
    if (this.#isBusy) return;
    const signal = this.#abort.signal;
    const window = this.#missing();
    if (!window) return;
    this.#isBusy = true;
    this.isLoading = true;
    try {
      const columns = this.#question.columns;
      const answer = await this.#call(window.first, window.count, columns, signal, this.#snapshot);
      if (signal.aborted) return;
      if (this.#isStale) this.#blocks.clear();
      this.#isStale = false;
      this.#snapshot = answer.snapshot;
      this.#keep(window.first, rowsOf(answer, columns));
      this.length = answer.matching;
      this.matching = answer.matching_runs;
      this.total = answer.total;
      this.failure = undefined;
      this.#version += 1;
      if (this.#isRearranged) this.arrangement = {};
      this.#isRearranged = false;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      this.failure = asFailure(error);
      this.isLoading = false;
      this.#isBusy = false;
      return;
    }
    this.#isBusy = false;
    this.isLoading = false;
    void this.#fill();
  }

  /** The first gap in what is in sight and in the block after it, in whole blocks.  The first answer to a question has what is
   *  in sight alone; the block after it makes the server keep the order before new runs move it. */
  #missing(): { first: number; count: number } | null {
    const from = Math.floor(this.#sight.first / BLOCK);
    const to = Math.max(Math.ceil(this.#sight.end / BLOCK), from + 1);
    if (this.#isStale) return { first: from * BLOCK, count: (to - from) * BLOCK };
    const needed = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const gaps = needed.filter((block) => !this.#blocks.has(block) && block * BLOCK < this.length);
    const [first] = gaps;
    const last = gaps.at(-1);
    if (first === undefined || last === undefined) return null;
    return { first: first * BLOCK, count: Math.min((last - first + 1) * BLOCK, MAX_ROWS_OF_A_CALL) };
  }

  #keep(first: number, rows: RunRow[]): void {
    for (let at = 0; at < Math.max(rows.length, 1); at += BLOCK) {
      this.#blocks.set((first + at) / BLOCK, rows.slice(at, at + BLOCK));
    }
    const middle = (this.#sight.first + this.#sight.end) / 2 / BLOCK;
    const far = [...this.#blocks.keys()].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle)).slice(MAX_BLOCKS);
    for (const block of far) this.#blocks.delete(block);
  }

  #call(
    offset: number,
    count: number,
    columns: string[],
    signal: AbortSignal,
    snapshot = this.#snapshot,
  ): Promise<Answer> {
    const body = {
      ...this.#body(columns),
      offset,
      max_results: count,
      ...(snapshot === undefined ? {} : { snapshot }),
    };
    return api.post("/api/trackside/v1/runs/table", { body, signal });
  }

  #body(columns: string[]) {
    const { experimentIds, filter, lifecycle, orderBy, parent, ids } = this.#question;
    return {
      experiment_ids: experimentIds,
      filter,
      lifecycle,
      columns,
      order_by: orderBy,
      ...(parent === undefined ? {} : { parent }),
      ...(ids === undefined ? {} : { run_ids: [...ids] }),
    };
  }
}

/** How many of some runs meet a question. */
export async function countRuns({ experimentIds, filter, lifecycle }: Question, ids: string[]): Promise<number> {
  const body = { experiment_ids: experimentIds, run_ids: ids, filter, lifecycle, columns: [], max_results: 1 };
  return (await api.post("/api/trackside/v1/runs/table", { body })).matching;
}

function nameOfParent(runs: Answer["runs"], index: number): string {
  const id = runs.parent_run_id?.[index];
  const name = runs.parent_run_name?.[index];
  return id && typeof name === "string" ? shownName(name, id) : "";
}

function rowsOf({ runs, columns }: Answer, fields: string[]): RunRow[] {
  const { run_id = [], run_name, experiment_id, status, lifecycle_stage, user_id, start_time, end_time } = runs;
  const used = columns[fields.indexOf(DATASETS)];
  return run_id.map((id, index) => ({
    id,
    name: shownName(run_name?.[index], id),
    experimentId: experiment_id?.[index] ?? "",
    status: status?.[index] ?? "",
    isDeleted: lifecycle_stage?.[index] === "deleted",
    user: user_id?.[index] ?? "",
    start: start_time?.[index] || null, // 0: its client named none
    end: end_time?.[index] ?? null,
    parent: runs.parent_run_id?.[index] ?? null,
    parentName: nameOfParent(runs, index),
    children: runs.children?.[index] ?? 0,
    matches: runs.matches?.[index] ?? true,
    values: new Map(fields.map((field, at) => [field, plain(columns[at]?.[index])])),
    datasets: datasetsOf(used?.[index]),
  }));
}
