/** The labels of the fields without a value: what a form still needs.  Blanks are no value. */
export function missingOf(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([label, value]) => (value.trim() ? [] : [label]));
}
