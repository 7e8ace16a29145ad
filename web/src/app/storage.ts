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
