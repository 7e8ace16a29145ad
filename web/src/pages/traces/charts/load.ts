/** Asks the server for the numbers behind the charts. */
import { api } from "@/api/client";
import { chosen, linesOf, MOST_GROUPS, sharesOf, type Line, type Point, type Span } from "./series";

export const GROUPS = ["all", "name", "model", "user"] as const;
export type Group = (typeof GROUPS)[number];
const MOST_POINTS = 20_000;
const DIMENSIONS = { all: null, name: "trace_name", model: "span_model_name", user: "trace_user" } as const;

export interface Numbers {
  /** Groups by how many traces they have; `""` alone when there are none. */
  names: string[];
  /** How many groups there are, of which `names` are the most frequent. */
  groups: number;
  counts: Line[];
  errors: Line[];
  /** By all: the median and the 95th percentile; by group: the latter of each. */
  latency: Line[];
  /** By all: input and output. */
  tokens: Line[];
  cost: Line[];
  /** By their names; only by all. */
  assessments: Line[];
}

type View = "TRACES" | "SPANS" | "ASSESSMENTS";
interface Aggregation {
  aggregation_type: string;
  percentile_value?: number;
}

export async function load(experiment: string, span: Span, by: Group, signal: AbortSignal): Promise<Numbers> {
  const dimension = DIMENSIONS[by];
  const view: View = by === "model" ? "SPANS" : "TRACES";
  const status = by === "model" ? "span_status" : "trace_status";
  const ask = async (of: View, metric: string, aggregations: Aggregation[], dimensions: string[]): Promise<Point[]> => {
    const body = {
      experiment_ids: [experiment],
      view_type: of,
      metric_name: metric,
      aggregations,
      dimensions,
      time_interval_seconds: span.intervalS,
      start_time_ms: span.startMs,
      end_time_ms: span.endMs - 1,
      max_results: MOST_POINTS,
    };
    return (await api.post("/api/3.0/mlflow/traces/metrics", { body, signal })).data_points ?? [];
  };
  const only = dimension === null ? [] : [dimension];
  const sum: Aggregation[] = [{ aggregation_type: "SUM" }];
  const p = (percent: number): Aggregation => ({ aggregation_type: "PERCENTILE", percentile_value: percent });
  const [counted, latencies, tokens, inputs, outputs, costs, judged] = await Promise.all([
    ask(view, by === "model" ? "span_count" : "trace_count", [{ aggregation_type: "COUNT" }], [...only, status]),
    ask(view, "latency", by === "all" ? [p(50), p(95)] : [p(95)], only),
    by === "all" ? [] : ask(view, "total_tokens", sum, only),
    by === "all" ? ask("TRACES", "input_tokens", sum, []) : [],
    by === "all" ? ask("TRACES", "output_tokens", sum, []) : [],
    ask("SPANS", "total_cost", sum, only),
    by === "all" ? ask("ASSESSMENTS", "assessment_value", [{ aggregation_type: "AVG" }], ["assessment_name"]) : [],
  ]);
  const all = linesOf(counted, span, dimension, "COUNT", 0);
  const failed = linesOf(counted, span, dimension, "COUNT", 0, (each) => each.dimensions?.[status] === "ERROR");
  const names = all.slice(0, MOST_GROUPS).map((each) => each.name);
  const counts = chosen(all, names);
  const named = (points: Point[], label: string, name: string, empty: 0 | null): Line[] =>
    linesOf(points, span, null, label, empty).map((each) => ({ ...each, name }));
  return {
    names,
    groups: all.length,
    counts,
    errors: sharesOf(chosen(failed, names), counts),
    latency:
      by === "all"
        ? [...named(latencies, "P50.0", "p50", null), ...named(latencies, "P95.0", "p95", null)]
        : chosen(linesOf(latencies, span, dimension, "P95.0", null), names),
    tokens:
      by === "all"
        ? [...named(inputs, "SUM", "input", 0), ...named(outputs, "SUM", "output", 0)]
        : chosen(linesOf(tokens, span, dimension, "SUM", 0), names),
    cost: chosen(linesOf(costs, span, dimension, "SUM", 0), names),
    assessments: linesOf(judged, span, "assessment_name", "AVG", null).slice(0, MOST_GROUPS),
  };
}
