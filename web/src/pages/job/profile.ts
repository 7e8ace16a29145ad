/** The result of a job of kind `profile`. */
export interface Profiled {
  load_s: number;
  peak_mb?: number | null;
  levels: Level[];
  recommended: {
    replicas: number;
    cores: number;
    meets_latency: boolean;
    memory_gb?: number | null;
    memory_mb?: number | null;
  };
}

interface Level {
  callers: number;
  requests_per_s: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  cores: number;
  failed: number;
  reason: string;
}

/** The result of a job if it is a profile. */
export function profileOf(job: { kind: string; result?: unknown }): Profiled | undefined {
  const found = job.result as Partial<Profiled> | null | undefined;
  return job.kind === "profile" && found?.levels && found.recommended ? (found as Profiled) : undefined;
}
