import { router } from "@/app/router.svelte";
import { both, EXPERIMENT, formatField, parseField, type Aggregate } from "@/nouns/run/field";
import { GroupList } from "./rows/groups.svelte";
import { countRuns, RunList } from "./rows/list.svelte";
import { Curves } from "./table/curves.svelte";
import { Outline, type Row } from "./rows/outline.svelte";
import { Plotted } from "./plotted.svelte";
import { Selection } from "./rows/selection.svelte";
import { fromQuery, isNested, toQuery, withOrder, type Column, type View } from "./view";

/** What runs have: from `runs/columns`. */
export interface Known {
  field: string;
  kind: string;
  key: string;
  /** How many of the newest matching runs have it, and how many of their values are numbers. */
  runs: number;
  numeric: number;
  varies: boolean;
  min?: number | null;
  max?: number | null;
  p5: number | null;
  p95: number | null;
  /** Of params and tags: the most frequent values. */
  values?: readonly string[];
}

const STATUS: Column = { field: "status" };
const TIMES: Column[] = [{ field: "start_time" }, { field: "duration" }];
const DEFAULT_METRICS = 6;
const DEFAULT_PARAMS = 6;

/** The state of the runs page.  The view is in the address; the rest ends with the page. */
export class RunsState {
  readonly experimentIds: string[];
  /** Of the experiments that are loaded. */
  names = $state.raw<ReadonlyMap<string, string>>(new Map());
  readonly selection = new Selection();
  readonly view = $derived(fromQuery(router.query));
  known = $state.raw<Known[]>([]);
  outline = $state.raw() as Outline;
  readonly plotted: Plotted;
  /** The runs that stand above the others. */
  pinned = $state.raw<RunList | null>(null);
  /** The runs whose colour is being chosen. */
  colouring = $state.raw<readonly string[]>([]);
  readonly curves = new Curves();
  /** Runs that came since the rows were loaded, and match. */
  newRuns = $state(0);
  /** Runs that were counted as new, or that the user brought back here. */
  readonly notNew = new Set<string>();

  readonly #isBesideCharts: () => boolean;

  constructor(experimentIds: string[], isBesideCharts: () => boolean) {
    this.experimentIds = experimentIds;
    this.#isBesideCharts = isBesideCharts;
    this.plotted = new Plotted(experimentIds, () => this.outline as Outline | undefined);
  }

  /** The experiment whose runs these are; undefined if there are several, or none. */
  get only(): string | undefined {
    return this.experimentIds.length === 1 ? this.experimentIds[0] : undefined;
  }

  /** The columns behind the name: those of the view, or what the runs have most of, and those that order the rows.  Beside
   *  charts there is room for few, and groups have values alone. */
  readonly columns: Column[] = $derived.by(() =>
    withOrder(
      this.view.columns ??
        defaultColumns(this.known, this.#isBesideCharts() || this.isGrouped, this.only === undefined),
      this.view.order,
    ),
  );

  /** What the rows depend on: read it in an effect that calls `load`. */
  get question(): string {
    const { filter, lifecycle, order, groupBy } = this.view;
    return JSON.stringify([filter, lifecycle, order, groupBy, this.isTree, this.#fields]);
  }

  /** What the pinned rows depend on: read it in an effect that calls `loadPinned`. */
  get pinnedQuestion(): string {
    const { pins, lifecycle, order } = this.view;
    return pins.length ? JSON.stringify([pins, lifecycle, order, this.#fields]) : "";
  }

  get isTree(): boolean {
    return isNested(this.view, this.#isBesideCharts());
  }

  /** How many runs match, also those that stand below others in a tree. */
  get matching(): number {
    return (this.outline as Outline | undefined)?.root.matching ?? 0;
  }

  get #fields(): string[] {
    return this.columns.map((each) => each.field).filter((field) => !isAlwaysShown(field));
  }

  get isGrouped(): boolean {
    return this.view.groupBy.length > 0;
  }

  /** Changes the view, and with it the address. */
  change(part: Partial<View>, { replace = false } = {}): void {
    router.setQuery(toQuery({ ...this.view, ...part }), { replace });
  }

  /** Changes one column; the choice is the view's own from then on. */
  changeColumn(field: string, part: Partial<Column>, replace = false): void {
    const columns = this.columns.map((each) => (each.field === field ? { ...each, ...part } : each));
    this.change({ columns }, { replace });
  }

  /** A hidden column orders no rows: the order would show the column again. */
  hideColumn(field: string): void {
    const rest = <Each extends { field: string }>(all: Each[]): Each[] => all.filter((each) => each.field !== field);
    this.change({ columns: rest(this.columns), order: rest(this.view.order) });
  }

  moveColumn(field: string, before: string | null): void {
    const moved = this.columns.find((each) => each.field === field);
    const rest = this.columns.filter((each) => each.field !== field);
    const at = before === null ? rest.length : rest.findIndex((each) => each.field === before);
    if (moved && at >= 0) this.change({ columns: rest.toSpliced(at, 0, moved) });
  }

  /** Another value of a metric: its least, its mean. */
  chooseAggregate(field: string, aggregate: Aggregate): void {
    const to = formatField({ ...parseField(field), aggregate });
    if (this.columns.some((each) => each.field === to)) return;
    const order = this.view.order.map((each) => (each.field === field ? { ...each, field: to } : each));
    this.change({ columns: this.columns.map((each) => (each.field === field ? { ...each, field: to } : each)), order });
  }

  /** Descending, ascending, none; with `isMore` beside the orders that are there. */
  sort(field: string, isMore: boolean): void {
    const current = this.view.order.find((each) => each.field === field);
    const next = current === undefined ? "desc" : current.direction === "desc" ? "asc" : null;
    const others = isMore ? this.view.order.filter((each) => each.field !== field) : [];
    const at = isMore && current ? this.view.order.indexOf(current) : others.length;
    this.change({ order: next === null ? others : others.toSpliced(at, 0, { field, direction: next }) });
  }

  /** Makes the list that the view asks for, or asks the present one. */
  load(): void {
    const { filter, lifecycle, groupBy } = this.view;
    const { experimentIds } = this;
    this.newRuns = 0;
    if (groupBy.length) {
      const metrics = this.columns.map((each) => each.field).filter((field) => parseField(field).kind === "metric");
      const last = metrics.map((field) => formatField({ ...parseField(field), aggregate: "last" }));
      const question = {
        experimentIds,
        filter,
        lifecycle,
        by: groupBy,
        metrics: [...new Set(last)],
        orderBy: "count DESC",
      };
      this.#replace(new GroupList(question));
      return;
    }
    const question = this.#question(this.isTree ? "" : undefined, filter);
    const root = (this.outline as Outline | undefined)?.root;
    if (root instanceof RunList) {
      if ((root.question.parent === undefined) === this.isTree) this.outline.close();
      root.ask(question);
      for (const list of this.outline.lists()) {
        if (list instanceof RunList && list !== root && list !== this.pinned)
          list.ask({ ...question, ...parentOf(list) });
      }
      return;
    }
    this.#replace(new RunList(question));
  }

  /** Pinned runs are shown whatever the filter says. */
  loadPinned(): void {
    const ids = this.view.pins;
    const question = { ...this.#question(undefined, ""), ids };
    if (!ids.length) {
      this.pinned?.stop();
      this.pinned = null;
    } else if (this.pinned) this.pinned.ask(question);
    else this.pinned = new RunList(question);
  }

  /** The same question once more: for what has changed meanwhile. */
  reload(): void {
    this.newRuns = 0;
    for (const list of this.outline.lists()) list.ask();
  }

  /** Loads the runs that came meanwhile, and shows the top, where the newest are. */
  showNew(): void {
    const { root } = this.outline;
    if (root instanceof RunList) root.rearrange();
    this.reload();
  }

  /** A param or tag whose values are numbers is ordered by them. */
  #orderField(field: string): string {
    const known = this.known.find((each) => each.field === field);
    return known && known.kind !== "metric" && known.numeric === known.runs ? `number(${field})` : field;
  }

  loadedIds(): string[] {
    return this.outline
      .lists()
      .flatMap((list) => (list instanceof RunList ? list.loaded().map(([, run]) => run.id) : []));
  }

  /** What the flat list of the view asks. */
  get asked() {
    return this.#question(undefined, this.view.filter);
  }

  /** How many of some runs the view would show. */
  async countMatching(ids: string[]): Promise<number> {
    return countRuns(this.#question(undefined, this.view.filter), ids);
  }

  /** Some runs have changed: what is drawn of them is asked for again. */
  logged(runIds: readonly string[]): void {
    this.plotted.logged(runIds);
    this.curves.refresh(runIds);
  }

  stop(): void {
    this.curves.stop();
    (this.outline as Outline | undefined)?.stop();
    this.pinned?.stop();
  }

  #replace(root: RunList | GroupList): void {
    (this.outline as Outline | undefined)?.stop();
    this.outline = new Outline(
      root,
      (row) => this.#below(row),
      () => this.pinned,
    );
  }

  #below(row: Row): RunList {
    if (row.kind === "run") return new RunList(this.#question(row.key, this.view.filter));
    return new RunList(this.#question(undefined, both(this.view.filter, row.group.filter ?? "")));
  }

  #question(parent: string | undefined, filter: string) {
    return {
      experimentIds: this.experimentIds,
      filter,
      lifecycle: this.view.lifecycle,
      columns: this.#fields,
      orderBy: this.view.order.map(({ field, direction }) => `${this.#orderField(field)} ${direction.toUpperCase()}`),
      ...(parent === undefined ? {} : { parent }),
    };
  }
}

function parentOf(list: RunList): { parent?: string } {
  const { parent } = list.question;
  return parent === undefined ? {} : { parent };
}

/** Attributes that each row has, asked for or not. */
export function isAlwaysShown(field: string): boolean {
  return ["run_name", "status", "user_id", "start_time", "end_time", "duration", "run_id", EXPERIMENT].includes(field);
}

/** A value that some runs only lack, as a parent does, tells less of them than values that differ. */
function interest({ varies, values, min, max }: Known): number {
  if (values?.length ? values.length > 1 : min !== max) return 2;
  return varies ? 1 : 0;
}

function defaultColumns(known: Known[], hasValuesFirst: boolean, hasSeveral: boolean): Column[] {
  const best = (kind: string, count: number): Column[] =>
    known
      .filter((each) => each.kind === kind && !each.key.startsWith("system/"))
      .sort((a, b) => interest(b) - interest(a) || b.runs - a.runs)
      .slice(0, count)
      .map(({ field }) => ({ field }));
  const values = [...best("metric", DEFAULT_METRICS), ...best("param", DEFAULT_PARAMS)];
  const first = hasSeveral ? [{ field: EXPERIMENT }, STATUS] : [STATUS];
  return hasValuesFirst ? [...first, ...values, ...TIMES] : [...first, ...TIMES, ...values];
}
