/** A run as charts need it: what it is called and which slot of the palette it has. */
export interface PlottedRun {
  readonly runId: string;
  readonly name: string;
  /** From `assign` in scene/slots: a run keeps it on every chart and in every list. */
  readonly slot: number;
}
