import { expect, test } from "vitest";
import { inOrder, joined, pictureAt, placeOf, stepsOf, withKey, type Series } from "./pictures";

const image = (step: number, timestamp = 1): Series["images"][number] => ({
  step,
  timestamp,
  path: `images/${step}-${timestamp}.png`,
});
const CATS: Series = { key: "val/cats", images: [image(-1), image(2, 1), image(2, 5), image(10)] };
const DOGS: Series = { key: "Dogs", images: [image(3), image(10)] };

test("a key that goes on in the next page is one series", () => {
  const early = { ...CATS, images: CATS.images.slice(0, 2) };
  const late = { ...CATS, images: CATS.images.slice(2) };
  expect(joined([DOGS, early], [late])).toEqual([DOGS, CATS]);
  expect(joined([DOGS], [CATS])).toEqual([DOGS, CATS]);
  expect(joined([], [CATS])).toEqual([CATS]);
  expect(joined([CATS], [])).toEqual([CATS]);
});

test("the steps of all keys are in the order of numbers, each once", () => {
  expect(stepsOf([CATS, DOGS])).toEqual([-1, 2, 3, 10]);
  expect(stepsOf([])).toEqual([]);
});

test.each([
  [null, 3],
  ["10", 3],
  ["9", 2],
  ["2", 1],
  ["-7", 0],
  ["", 3],
  ["x", 3],
  ["1e400", 3],
])("the address asks for step %s: place %i", (wanted, place) => {
  expect(placeOf([-1, 2, 3, 10], wanted)).toBe(place);
});

test("a step shows the last image that was logged up to it", () => {
  expect(pictureAt(CATS, 2)).toBe(CATS.images[2]);
  expect(pictureAt(CATS, 9)).toBe(CATS.images[2]);
  expect(pictureAt(DOGS, 2)).toBeUndefined();
});

test("keys are found by a part of them", () => {
  expect(withKey([CATS, DOGS], "dog")).toEqual([DOGS]);
  expect(withKey([CATS, DOGS], "")).toEqual([CATS, DOGS]);
});

test("numbers in keys are in the order of numbers", () => {
  const named = (key: string): Series => ({ key, images: [] });

  expect(inOrder([named("a/10"), named("b"), named("a/2")]).map(({ key }) => key)).toEqual(["a/2", "a/10", "b"]);
});
