/** The filter that finds a text as it was typed, in any case: `_` and `%` are no wildcards.  Pure. */
export function contains(field: string, text: string): string {
  if (!/['\\]/.test(text)) return `${field} CONTAINS '${text}'`;
  return `${field} CONTAINS ('${text.replace(/['\\]/g, "\\$&")}')`; // only in parentheses can a quote be escaped
}

/** A comparison, a function or a list, a group, or a name in backticks. */
const SIGNS = /[=<>]|^[(`]|\w\(|\bin\s*\(/i;
/** A word that compares, and the value after it, or a name before it and no value yet; "what I like" has neither. */
const WORDS =
  /\bis\s+(not\s+)?null\b|\bbetween\s*['"\d-]|\b(i?like|rlike|contains)\s*['"(]|^\S+\s+(not\s+)?(between|i?like|rlike|contains)\s*$/i;
const PREFIX =
  /^(metrics?|param(eter)?s?|tags?|attr(ibutes?)?|run|datasets?|span|trace|metadata|feedback|expectation)\./i;

/** Whether a text is words to look for, such as a name, and not the beginning of a filter.  Words may have quotes. */
export function isPlain(text: string): boolean {
  const typed = text.trim();
  return typed !== "" && !SIGNS.test(typed) && !WORDS.test(typed) && !PREFIX.test(typed);
}
