import { expect, test } from "vitest";
import { MAX_ROWS, readCsv } from "./csv";
import { numericColumns } from "./table";

test("quotes, separators and short rows are understood", async () => {
  expect(await readCsv('name;score\n"a;b";1\nc\n', false)).toEqual({
    columns: ["name", "score"],
    rows: [
      ["a;b", "1"],
      ["c", ""],
    ],
    totalRows: 2,
  });
});

test("of a cut file, the incomplete last row is left out", async () => {
  const table = await readCsv("a,b\n1,2\n3,", true);

  expect(table).toEqual({ columns: ["a", "b"], rows: [["1", "2"]], totalRows: undefined });
});

test("only the first rows are shown", async () => {
  const table = await readCsv(`a,b\n${"1,2\n".repeat(MAX_ROWS + 50)}`, false);

  expect([table.rows.length, table.totalRows]).toEqual([MAX_ROWS, undefined]);
});

test("columns of numbers are known, also with gaps and NaN", async () => {
  const table = await readCsv("n,e,t\n1,-1e-5,x\n,NaN,2\n", false);

  expect(numericColumns(table)).toEqual([true, true, false]);
});
