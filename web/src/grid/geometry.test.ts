import fc from "fast-check";
import { expect, test } from "vitest";
import { Geometry, MAX_SCROLL_PX, placeColumns, visibleColumns } from "./geometry";

const geometries = fc
  .record({
    rowPx: fc.integer({ min: 20, max: 60 }),
    length: fc.integer({ min: 1, max: 2_000_000 }),
    viewPx: fc.integer({ min: 100, max: 2000 }),
  })
  .map(({ rowPx, length, viewPx }) => new Geometry(rowPx, length, viewPx));

test("at any scroll position the drawn rows cover the view", () => {
  fc.assert(
    fc.property(geometries, fc.double({ min: 0, max: 1, noNaN: true }), (geometry, part) => {
      const scrollTop = part * Math.max(geometry.boxPx - geometry.viewPx, 0);
      const { first, end } = geometry.rows(scrollTop, 0);

      expect(geometry.topOf(first, scrollTop)).toBeLessThanOrEqual(scrollTop + 1e-6);
      const bottom = Math.min(scrollTop + geometry.viewPx, geometry.boxPx);
      expect(geometry.topOf(end - 1, scrollTop) + geometry.rowPx).toBeGreaterThanOrEqual(bottom - 1e-3);
    }),
  );
});

test("a row that is scrolled to is whole in sight", () => {
  fc.assert(
    fc.property(geometries, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (geometry, row, part) => {
      const index = row % geometry.length;
      const from = part * Math.max(geometry.boxPx - geometry.viewPx, 0);
      const to = geometry.scrollTo(index, from);

      const top = geometry.topOf(index, to) - to;
      expect(top).toBeGreaterThanOrEqual(-1e-3);
      expect(top + geometry.rowPx).toBeLessThanOrEqual(Math.max(geometry.viewPx, geometry.rowPx) + 1e-3);
    }),
  );
});

test("two million rows stay below what browsers can scroll, and the last one is reached", () => {
  const geometry = new Geometry(32, 2_000_000, 800);

  expect(geometry.boxPx).toBe(MAX_SCROLL_PX);
  expect(geometry.rows(geometry.boxPx - 800, 0).end).toBe(2_000_000);
});

test("pinned columns are always drawn, others when they are in sight", () => {
  const placed = placeColumns(Array.from({ length: 100 }, (_, index) => ({ widthPx: 100, isPinned: index < 2 })));

  expect(visibleColumns(placed, 0, 500, 0)).toEqual([0, 1, 2, 3, 4]);
  expect(visibleColumns(placed, 3000, 500, 0)).toEqual([0, 1, 32, 33, 34]);
});
