import { expect, test } from "vitest";
import { isSplit, MAX_ROWS, readSplit } from "./split";

test("a table of mlflow.log_table is read with its nested and empty cells", () => {
  const text = '{"columns":["q","score","image"],"data":[["a",0.5,{"type":"image"}],["b",null,[1,2]]]}';

  expect(isSplit(text)).toBe(true);
  expect(readSplit(text)).toEqual({
    columns: ["q", "score", "image"],
    rows: [
      ["a", "0.5", '{"type":"image"}'],
      ["b", "", "[1,2]"],
    ],
    totalRows: 2,
  });
});

test("a long whole number keeps its digits", () => {
  const text = '{"columns":["id","list"],"data":[[9007199254740993,[-9007199254740993]],[1e300,0.5]]}';

  expect(readSplit(text)?.rows).toEqual([
    ["9007199254740993", '["-9007199254740993"]'],
    ["1e+300", "0.5"],
  ]);
});

test("the first rows are shown of how many there are", () => {
  const data = Array.from({ length: MAX_ROWS + 5 }, (_, at) => [at]);

  const table = readSplit(JSON.stringify({ columns: ["n"], data }));

  expect([table?.rows.length, table?.totalRows]).toEqual([MAX_ROWS, MAX_ROWS + 5]);
});

test("other JSON is no table", () => {
  for (const text of [
    "{",
    "3",
    "[]",
    '{"columns": ["a"], "data": [[1, 2]]}',
    '{"columns": 1, "data": []}',
    '{"data": []}',
  ]) {
    expect(readSplit(text)).toBeUndefined();
  }
  expect(isSplit('{"optimizer": {"columns": []}}')).toBe(false);
});
