import { api } from "@/api/client";
import { asFailure, isAbort, type Failure } from "@/api/failure";
import type { List } from "@/grid/outline";

export interface Group {
  key: string;
  /** In the order of the fields that group. */
  values: (string | null)[];
  count: number;
  /** Selects the group's runs; null: no filter can say it. */
  filter: string | null;
  metrics: ReadonlyMap<
    string,
    { runs: number; mean: number | null; sd: number | null; min: number | null; max: number | null }
  >;
}

export interface GroupQuestion {
  experimentIds: string[];
  filter: string;
  lifecycle: string;
  by: string[];
  metrics: string[];
  orderBy: string;
}

const MAX_GROUPS = 1000;

/** The groups of runs that have the same values: all at once, since they are few. */
export class GroupList implements List {
  length = $state(0);
  matching = $state(0);
  total = $state(0);
  isLoading = $state(true);
  failure = $state.raw<Failure | undefined>();
  /** One for all time: another order of groups is another list. */
  readonly arrangement = {};
  #groups = $state.raw<Group[]>([]);
  #question: GroupQuestion;
  #abort = new AbortController();

  constructor(question: GroupQuestion) {
    this.#question = question;
    void this.#load();
  }

  row(index: number): Group | undefined {
    return this.#groups[index];
  }

  loaded(): [number, Group][] {
    return this.#groups.map((group, index): [number, Group] => [index, group]);
  }

  need(): void {
    // All are here.
  }

  ask(): void {
    this.stop();
    this.#abort = new AbortController();
    void this.#load();
  }

  stop(): void {
    this.#abort.abort();
  }

  async #load(): Promise<void> {
    const { experimentIds, filter, lifecycle, by, metrics, orderBy } = this.#question;
    const { signal } = this.#abort;
    this.isLoading = true;
    try {
      const answer = await api.post("/api/trackside/v1/runs/groups", {
        body: {
          experiment_ids: experimentIds,
          filter,
          lifecycle,
          by,
          metrics,
          order_by: orderBy,
          max_results: MAX_GROUPS,
        },
        signal,
      });
      this.#groups = (answer.groups ?? []).map((group) => ({
        key: JSON.stringify(group.values),
        values: group.values ?? [],
        count: group.count,
        filter: group.filter,
        metrics: new Map(metrics.map((field, index) => [field, toStatistics(group.metrics?.[index])])),
      }));
      this.length = this.#groups.length;
      this.matching = answer.matching;
      this.total = answer.groups_total;
      this.failure = undefined;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      this.failure = asFailure(error);
    }
    this.isLoading = false;
  }
}

type Wire = number | string | null | undefined;

function toStatistics(given?: { runs: number; mean?: Wire; sd?: Wire; min?: Wire; max?: Wire }) {
  const number = (value: Wire): number | null => (value === null || value === undefined ? null : Number(value));
  return {
    runs: given?.runs ?? 0,
    mean: number(given?.mean),
    sd: number(given?.sd),
    min: number(given?.min),
    max: number(given?.max),
  };
}
