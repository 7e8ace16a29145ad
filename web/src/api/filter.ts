/** The filter that finds a text as it was typed, in any case: `_` and `%` are no wildcards.  Pure. */
export function contains(field: string, text: string): string {
  if (!/['\\]/.test(text)) return `${field} CONTAINS '${text}'`;
  return `${field} CONTAINS ('${text.replace(/['\\]/g, "\\$&")}')`; // only in parentheses can a quote be escaped
}
