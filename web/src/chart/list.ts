/** A list of ids in an address, as stock MLflow writes it: a JSON array of texts.  Pure. */
export function readList(text: string | null): string[] | null {
  if (!text) return null;
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return [...new Set(list.filter((each): each is string => typeof each === "string"))];
  } catch {
    // A link that was cut: as if nothing was said.
  }
  return null;
}
