/** Which runs are chosen: by their ids, or all that match.  Survives sorting and filtering. */
export class Selection {
  ids = $state.raw<ReadonlySet<string>>(new Set());
  /** All runs that match the filter, also those that no page has loaded. */
  isAll = $state(false);
  /** Where a range begins: the line that was chosen last. */
  anchor: number | null = null;

  has(id: string): boolean {
    return this.isAll || this.ids.has(id);
  }

  toggle(id: string, line: number): void {
    const ids = new Set(this.ids);
    if (!ids.delete(id)) ids.add(id);
    this.#set(ids);
    this.anchor = line;
  }

  add(more: Iterable<string>): void {
    this.#set(new Set([...this.ids, ...more]));
  }

  all(): void {
    this.isAll = true;
  }

  clear(): void {
    this.#set(new Set());
    this.anchor = null;
  }

  #set(ids: ReadonlySet<string>): void {
    this.isAll = false;
    this.ids = ids;
  }
}
