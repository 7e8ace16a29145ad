import fc from "fast-check";
import { expect, test } from "vitest";
import { cividis, isolines, surface } from "./contour";
import { dimensionOf, withRoom } from "./dimension";
import { isInside, spots, type Mark } from "./draw";

test("numbers as text make an axis of numbers, words one of words", () => {
  const rates = dimensionOf("lr", ["0.1", "0.0001", null]);
  const words = dimensionOf("optimizer", ["sgd", "adam", "adam"]);

  expect(rates).toMatchObject({ isNumber: true, isLog: true });
  expect(rates.share("0.0001")).toBeCloseTo(0, 9);
  expect(rates.share(null)).toBeNull();
  expect(words).toMatchObject({ isNumber: false });
  expect(words.ticks.map(({ label, share }) => [label, share])).toEqual([
    ["adam", 0],
    ["sgd", 1],
  ]);
});

test("a value that is no number has no place on an axis of numbers, and does not make it one of words", () => {
  const loss = dimensionOf("loss", [1, NaN, 3]);

  expect(loss.isNumber).toBe(true);
  expect(loss.share(NaN)).toBeNull();
  expect(loss.share(3)).toBe(1);
});

test("one value, or none, still has an axis", () => {
  expect(dimensionOf("x", [5]).share(5)).toBeCloseTo(0.5, 9);
  expect(dimensionOf("x", []).ticks).toEqual([]);
});

test("a surface goes through its points and stays between them", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.record({ x: share, y: share, height: share }), { minLength: 1, maxLength: 20 }),
      (points) => {
        const { heights } = surface(points, 5, 5);
        const all = points.map((point) => point.height);

        for (const height of heights) {
          expect(height).toBeGreaterThanOrEqual(Math.min(...all) - 1e-9);
          expect(height).toBeLessThanOrEqual(Math.max(...all) + 1e-9);
        }
      },
    ),
  );
  expect(
    surface(
      [
        { x: 0, y: 0, height: 0.3 },
        { x: 1, y: 1, height: 0.9 },
      ],
      2,
      2,
    ).heights[0],
  ).toBe(0.3);
});

test("a line of equal height crosses a slope where the height is", () => {
  const slope = { columns: 3, rows: 2, heights: Float64Array.of(0, 0.5, 1, 0, 0.5, 1) };

  const path = isolines(slope, 0.25);

  expect([...path].filter((value) => !Number.isNaN(value))).toEqual([0.25, 0, 0.25, 1]);
});

test("the colours of heights grow lighter", () => {
  const lightness = (text: string): number => {
    const [red = 0, green = 0, blue = 0] = text.match(/\d+/g)!.map(Number);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const steps = Array.from({ length: 21 }, (_, at) => lightness(cividis(at / 20)));

  for (const [at, step] of steps.entries()) if (at) expect(step).toBeGreaterThan(steps[at - 1]!);
});

test("an axis with room has its marks off its ends", () => {
  const axis = withRoom(dimensionOf("x", [0, 4]), 0.1);

  expect([0, 2, 4, null].map((value) => axis.share(value))).toEqual([0.1, 0.5, 0.9, null]);
  expect(axis.ticks.map(({ share }) => share).every((share) => share >= 0.1 && share <= 0.9)).toBe(true);
});

test("a run without one of the values has no spot, and is outside a range that is marked on that axis", () => {
  const marks: Mark[] = [
    { id: "a", label: "a", colour: "", values: [0, 1] },
    { id: "b", label: "b", colour: "", values: [1, null] },
  ];
  const [x, y] = [dimensionOf("x", [0, 1]), dimensionOf("y", [1, 2])];

  expect(spots(marks, [x, y], { left: 10, top: 0, width: 100, height: 50 })).toEqual([
    { mark: marks[0], x: 10, y: 50 },
  ]);
  expect(marks.map((mark) => isInside(mark, [x, y], [null, [0, 1]]))).toEqual([true, false]);
  expect(marks.map((mark) => isInside(mark, [x, y], [[0.5, 1], null]))).toEqual([false, true]);
});
