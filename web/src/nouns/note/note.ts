/** Notes of runs and of experiments: a tag in Markdown, as MLflow's own pages keep them. */

export const NOTE_TAG = "mlflow.note.content";

/** The first line with a text in it, without the marks of headings, lists, quotations and emphasis. */
export function firstLine(note: string): string {
  const lines = note.split(/\r?\n/).map((line) =>
    line
      .replace(/^[\s#>*+-]+/, "")
      .replace(/[*_`]{1,3}/g, "")
      .trim(),
  );
  return lines.find(Boolean) ?? "";
}
