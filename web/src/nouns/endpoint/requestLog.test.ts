import { expect, test } from "vitest";
import { columnsOf, keyOf, timeOf } from "./requestLog";

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

test("the time of a row is the one that the server writes", () => {
  expect(timeOf({ _time: "1970-01-01T00:00:01.500+00:00" })).toBe(1500);
});
