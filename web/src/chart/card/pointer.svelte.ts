/** What is pointed at, on all charts of a page at once: a place on x, and a line. */
export class Pointer {
  x = $state.raw<number | null>(null);
  /** The highlighted line, here and in the list of runs. */
  line = $state.raw<string | null>(null);
  /** The chart that has the pointer: it alone shows a tooltip. */
  chart = $state.raw<string | null>(null);
  isPinned = $state.raw(false);

  leave(chart: string): void {
    if (this.chart !== chart || this.isPinned) return;
    this.clear();
  }

  clear(): void {
    this.x = this.line = this.chart = null;
    this.isPinned = false;
  }
}
