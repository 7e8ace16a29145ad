/** A run in charts: its name and its slot of the palette. */
export interface PlottedRun {
  readonly runId: string;
  readonly name: string;
  /** From `assign` in scene/slots: a run keeps it on every chart and in every list. */
  readonly slot: number;
}
