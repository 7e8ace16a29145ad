import { expect, test } from "vitest";
import { formatOrder, NEWEST, nextOrder, parseOrder } from "./order";

test("an order is read as it was written, and a strange one is the newest first", () => {
  const order = { field: "name", isDescending: false };
  expect(parseOrder(formatOrder(order))).toEqual(order);
  for (const text of [null, "", "name", "name UP", "request_id ASC; DROP"]) expect(parseOrder(text)).toEqual(NEWEST);
});

test("a second click on a header turns the order round", () => {
  expect(nextOrder(NEWEST, "timestamp_ms")).toEqual({ field: "timestamp_ms", isDescending: false });
  expect(nextOrder(NEWEST, "execution_time_ms")).toEqual({ field: "execution_time_ms", isDescending: true });
  expect(nextOrder(NEWEST, "name")).toEqual({ field: "name", isDescending: false });
});
