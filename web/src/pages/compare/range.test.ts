import { expect, test } from "vitest";
import { dimensionOf } from "@/chart/plots/dimension";
import { moved } from "./range";

const numbers = dimensionOf("lr", [0, 5, 10]);
const words = dimensionOf("opt", ["adam", "rmsprop", "sgd"]);

test("keys move an end of a range within the other end, and a range of the whole axis is none", () => {
  expect(moved(null, 0, "ArrowUp", numbers)).toEqual([0.02, 1]);
  expect(moved([0.02, 1], 0, "ArrowDown", numbers)).toBeNull();
  expect(moved([0.4, 0.42], 0, "PageUp", numbers)).toEqual([0.42, 0.42]);
  expect(moved([0.4, 0.6], 1, "Home", numbers)).toEqual([0.4, 0.4]);
  expect(moved([0.4, 0.6], 1, "End", numbers)).toEqual([0.4, 1]);
  expect(moved([0.4, 0.6], 1, "a", numbers)).toBeUndefined();
});

test("an end of a range of words moves to the next word", () => {
  const second = moved(null, 0, "ArrowUp", words);

  expect(second).toEqual([0.5, 1]);
  expect(words.valueAt(0.5)).toBe("rmsprop");
  expect(moved(second ?? null, 1, "ArrowDown", words)).toEqual([0.5, 0.5]);
  expect(numbers.valueAt(0.5)).toBe(5);
});
