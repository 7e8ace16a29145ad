import { expect, test } from "vitest";
import { moved } from "./keys";

const extent = { lines: 100, columns: 5, page: 20 };
const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

test("keys lead to cells, and not beyond the edges", () => {
  expect(moved({ line: 3, column: 2 }, press("ArrowDown"), extent)).toEqual({ line: 4, column: 2 });
  expect(moved({ line: 99, column: 4 }, press("ArrowRight"), extent)).toEqual({ line: 99, column: 4 });
  expect(moved({ line: 0, column: 2 }, press("ArrowUp"), extent)).toEqual({ line: -1, column: 2 });
  expect(moved({ line: 90, column: 0 }, press("PageDown"), extent)).toEqual({ line: 99, column: 0 });
  expect(moved({ line: 5, column: 0 }, press("End", { ctrlKey: true }), extent)).toEqual({ line: 99, column: 4 });
  expect(moved({ line: 5, column: 3 }, press("Home"), extent)).toEqual({ line: 5, column: 0 });
});

test("j and k go through the rows only", () => {
  expect(moved({ line: 0, column: 1 }, press("j"), extent)).toEqual({ line: 1, column: 1 });
  expect(moved({ line: 0, column: 1 }, press("k"), extent)).toEqual({ line: 0, column: 1 });
  expect(moved({ line: 0, column: 1 }, press("j", { ctrlKey: true }), extent)).toBeNull();
});
