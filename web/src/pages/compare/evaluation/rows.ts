/** Evaluations of several runs, matched by their requests.  Pure. */
import type { Assessment, TraceInfo } from "@/nouns/trace/trace";

/** A request and the answer of each run; undefined for runs without this request. */
export interface Row {
  key: string;
  request: string;
  expectations: Assessment[];
  traces: (TraceInfo | undefined)[];
}

/** One run's values of an assessment. */
export type Summary =
  | { kind: "mean"; mean: number; count: number }
  | { kind: "share"; word: string; share: number; count: number }
  | { kind: "most"; word: string; times: number; count: number };

export interface Score {
  name: string;
  /** By run; null where the run has none. */
  runs: (Summary | null)[];
}

/** Return a row for each request, in the order in which the first run that has it was asked.  A request that a run was asked
 *  several times has as many rows. */
export function rowsOf(lists: readonly (readonly TraceInfo[])[]): Row[] {
  const rows = new Map<string, Row>();
  for (const [at, list] of lists.entries()) {
    const times = new Map<string, number>();
    for (const trace of list.toSorted((a, b) => a.startMs - b.startMs)) {
      const time = times.get(trace.request) ?? 0;
      times.set(trace.request, time + 1);
      const key = `${time} ${trace.request}`;
      let row = rows.get(key);
      if (!row)
        rows.set(key, (row = { key, request: trace.request, expectations: [], traces: lists.map(() => undefined) }));
      row.traces[at] = trace;
      if (!row.expectations.length) row.expectations = trace.assessments.filter(({ kind }) => kind === "expectation");
    }
  }
  return [...rows.values()];
}

/** Feedback by name, in the order of names; of several of one name the last. */
export function feedbackOf(trace: TraceInfo): Map<string, Assessment> {
  const own = trace.assessments.filter(({ kind }) => kind === "feedback");
  return new Map(
    own.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))).map((each) => [each.name, each]),
  );
}

/** Whether the runs were assessed differently, or one lacks the request. */
export function differs({ traces }: Row): boolean {
  const told = traces.map((trace) =>
    trace ? JSON.stringify([...feedbackOf(trace)].map(([name, { value }]) => [name, value])) : null,
  );
  return told.some((each) => each !== told[0]);
}

/** Return each feedback by name, summed up by run. */
export function scoresOf(lists: readonly (readonly TraceInfo[])[]): Score[] {
  const values = new Map<string, string[][]>();
  for (const [at, list] of lists.entries()) {
    for (const trace of list) {
      for (const [name, { value }] of feedbackOf(trace)) {
        let all = values.get(name);
        if (!all) values.set(name, (all = lists.map(() => [])));
        all[at]?.push(value);
      }
    }
  }
  return [...values].map(([name, runs]) => ({ name, runs: summed(runs) })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

const WORDS = new Map([
  ["true", true],
  ["yes", true],
  ["pass", true],
  ["false", false],
  ["no", false],
  ["fail", false],
]);

/** Yes and no, or what means one of both; undefined for other values. */
export function verdictOf(value: string): boolean | undefined {
  return WORDS.get(value.toLowerCase());
}

/** All runs by the same measure: the one that fits most of the values.  A scorer that failed leaves a message instead. */
function summed(runs: readonly (readonly string[])[]): (Summary | null)[] {
  const all = runs.flat();
  const isMost = (count: number) => count * 2 >= all.length;
  if (isMost(all.filter((value) => verdictOf(value) !== undefined).length)) {
    const word = all.find((value) => verdictOf(value) === true) ?? "true";
    return runs.map((values) => {
      const verdicts = values.map(verdictOf).filter((each) => each !== undefined);
      if (!verdicts.length) return null;
      return { kind: "share", word, share: verdicts.filter(Boolean).length / verdicts.length, count: verdicts.length };
    });
  }
  if (isMost(all.filter(isNumber).length)) {
    return runs.map((values) => {
      const numbers = values.filter(isNumber).map(Number);
      if (!numbers.length) return null;
      return { kind: "mean", mean: numbers.reduce((a, b) => a + b, 0) / numbers.length, count: numbers.length };
    });
  }
  return runs.map((values) => {
    const times = new Map<string, number>();
    for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
    const [most] = [...times].sort((a, b) => b[1] - a[1]);
    return most ? { kind: "most", word: most[0], times: most[1], count: values.length } : null;
  });
}

function isNumber(value: string): boolean {
  return value.trim() !== "" && Number.isFinite(Number(value));
}

/** How far a run is from the base; null where the two cannot be subtracted. */
export function changeOf(now: Summary | null, base: Summary | null): number | null {
  if (now?.kind === "mean" && base?.kind === "mean") return now.mean - base.mean;
  if (now?.kind === "share" && base?.kind === "share") return now.share - base.share;
  return null;
}
