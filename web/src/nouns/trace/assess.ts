/** The typed value of an assessment: a number, yes or no, or a text.  Pure. */
export function typedValue(text: string): string | number | boolean {
  const plain = text.trim();
  if (plain === "true" || plain === "false") return plain === "true";
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : text;
}
