/** A table as previews show it: text cells, and which columns are numbers. */

export interface Table {
  columns: string[];
  rows: string[][];
  /** Absent where only the head was read. */
  totalRows: number | undefined;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^(nan|[+-]?inf(inity)?)$/i;

/** A column is numeric if it has a number and nothing but numbers and empty cells. */
export function numericColumns(table: Table): boolean[] {
  return table.columns.map((_, at) => {
    let numbers = 0;
    for (const row of table.rows) {
      const cell = (row[at] ?? "").trim();
      if (cell === "") continue;
      if (!NUMBER.test(cell)) return false;
      numbers++;
    }
    return numbers > 0;
  });
}
