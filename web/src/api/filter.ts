/** The filter that finds a text as it was typed, in any case: `_` and `%` are no wildcards.  Pure. */
export function contains(field: string, text: string): string {
  if (!/['\\]/.test(text)) return `${field} CONTAINS '${text}'`;
  return `${field} CONTAINS ('${text.replace(/['\\]/g, "\\$&")}')`; // only in parentheses can a quote be escaped
}

const SIGNS = /[=<>!()'"`]/;
const WORDS = /\b(is\s+(not\s+)?null|between|i?like|rlike|contains)\b/i;
const PREFIX =
  /^(metrics?|param(eter)?s?|tags?|attr(ibutes?)?|run|datasets?|span|trace|metadata|feedback|expectation)\./i;

/** Whether a text is words to look for, such as a name, and not the beginning of a filter. */
export function isPlain(text: string): boolean {
  const typed = text.trim();
  return typed !== "" && !SIGNS.test(typed) && !WORDS.test(typed) && !PREFIX.test(typed);
}
