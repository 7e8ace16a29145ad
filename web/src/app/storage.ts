/** What the browser keeps for this person.  Storage may be closed to the page; then nothing is kept, and nothing fails. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`trackside.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`trackside.${key}`);
    else localStorage.setItem(`trackside.${key}`, value);
  } catch {
    // Closed or full: the choice holds until the page is left.
  }
}

/** A kept list, at most `most` entries of it.  What this version does not understand is left out: another one may have kept it. */
export function parseList<T>(text: string | null, isEntry: (value: unknown) => value is T, most: number): T[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.filter(isEntry).slice(0, most) : [];
  } catch {
    return [];
  }
}
