import { expect, test } from "vitest";
import { columnsOf, keyOf, shown } from "./logged";

test("inputs stand before predictions, and what describes the request stands apart", () => {
  const rows = [
    { _time: 1, prediction: 3, a: 1 },
    { _time: 2, "prediction.p": 0.5, b: 2, a: 1 },
  ];

  expect(columnsOf(rows)).toEqual(["a", "b", "prediction", "prediction.p"]);
});

test("two rows of one request have keys of their own", () => {
  expect(keyOf({ _request_id: "r", _row: 0 })).not.toBe(keyOf({ _request_id: "r", _row: 1 }));
});

test("a value that is missing is a dash, and a list is JSON", () => {
  expect([shown(null), shown("x"), shown([1])]).toEqual(["–", "x", "[1]"]);
});
