/** The text of a preview of a request or response: the only value of `{"question": "…"}`, or a quoted string, otherwise the preview
 *  itself; JSON with `indent` over several lines.  Pure. */
export function previewText(preview: string, indent = 0): string {
  if (!/^[{["]/.test(preview)) return preview;
  try {
    const value: unknown = JSON.parse(preview);
    if (typeof value === "string") return value;
    const [only, ...others] = Object.values(value as object) as unknown[];
    if (!Array.isArray(value) && typeof only === "string" && !others.length) return only;
    return indent ? JSON.stringify(value, null, indent) : preview;
  } catch {
    return preview; // plain text, or JSON that was cut
  }
}
