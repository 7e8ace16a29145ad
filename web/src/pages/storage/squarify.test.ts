import { expect, test } from "vitest";
import { squarify } from "./squarify";

const area = (box: { width: number; height: number }): number => box.width * box.height;

test("the areas are in the ratio of the values and fill the room", () => {
  const values = [6, 6, 4, 3, 2, 2, 1];

  const boxes = squarify(values, 600, 400);

  boxes.forEach((box, index) => {
    expect(area(box)).toBeCloseTo(((values[index] ?? 0) * 600 * 400) / 24, 4);
    expect(box.x + box.width).toBeLessThanOrEqual(600.001);
    expect(box.y + box.height).toBeLessThanOrEqual(400.001);
  });
});

test("no two boxes overlap", () => {
  const boxes = squarify([50, 20, 10, 9, 5, 3, 2, 1], 300, 500);

  for (const [index, one] of boxes.entries())
    for (const other of boxes.slice(index + 1)) {
      const isApart =
        one.x + one.width <= other.x + 0.001 ||
        other.x + other.width <= one.x + 0.001 ||
        one.y + one.height <= other.y + 0.001 ||
        other.y + other.height <= one.y + 0.001;
      expect(isApart).toBe(true);
    }
});

test("one value has all the room, zeros have none, nothing gives nothing", () => {
  expect(squarify([5], 10, 20)).toEqual([{ x: 0, y: 0, width: 10, height: 20 }]);
  expect(squarify([5, 0], 10, 20).map(area)).toEqual([200, 0]);
  expect(squarify([], 10, 20)).toEqual([]);
  expect(squarify([0], 10, 20).map(area)).toEqual([0]);
});
