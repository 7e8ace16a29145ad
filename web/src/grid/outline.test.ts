import fc from "fast-check";
import { expect, test } from "vitest";
import { countLines, lineAt, type Opened } from "./outline";

class Tree {
  length: number;
  opened: Opened<Tree>[];

  constructor(length: number, opened: Opened<Tree>[]) {
    this.length = length;
    this.opened = opened;
  }
}

const trees: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc
    .tuple(
      fc.nat({ max: 6 }),
      fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.constant([] as [number, Tree][]),
        fc.array(fc.tuple(fc.nat({ max: 5 }), tie("tree")), { maxLength: 3 }),
      ),
    )
    .map(([length, below]) => {
      const byIndex = new Map(below.filter(([index]) => index < length));
      return new Tree(
        length,
        [...byIndex].map(([index, list]) => ({ index, list })),
      );
    }),
})).tree;

const opened = (tree: Tree): Opened<Tree>[] => tree.opened;

/** The lines one by one, as a person would write them down. */
function written(tree: Tree, level = 0): { list: Tree; index: number; level: number }[] {
  return Array.from({ length: tree.length }, (_, index) => index).flatMap((index) => [
    { list: tree, index, level },
    ...tree.opened.filter((each) => each.index === index).flatMap((each) => written(each.list, level + 1)),
  ]);
}

test("each line is the row that stands there", () => {
  fc.assert(
    fc.property(trees, (tree) => {
      const lines = written(tree);

      expect(countLines(tree, opened)).toBe(lines.length);
      for (const [line, wanted] of lines.entries()) {
        const found = lineAt(tree, line, opened);
        expect(found?.list).toBe(wanted.list);
        expect(found).toMatchObject({ index: wanted.index, level: wanted.level });
      }
      expect(lineAt(tree, lines.length, opened)).toBeNull();
    }),
  );
});
