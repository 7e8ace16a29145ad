import fc from "fast-check";
import { expect, test } from "vitest";
import { diff, folded, marked } from "./diff";

const text = fc
  .array(fc.constantFrom("a", "b", "c", ""), { maxLength: 30 })
  .map((lines) => lines.map((line) => `${line}\n`).join(""));

test("the lines of a difference make both texts again", () => {
  fc.assert(
    fc.property(text, text, (left, right) => {
      const found = diff(left, right);
      const without = (kind: string): string =>
        found
          .filter((line) => line.kind !== kind)
          .map((line) => `${line.text}\n`)
          .join("");

      expect(without("added")).toBe(left);
      expect(without("removed")).toBe(right);
    }),
  );
});

test("a difference is the shortest one", () => {
  const kinds = diff("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n").filter((line) => line.kind !== "same");

  expect(kinds.length).toBe(5); // the example of Myers' paper
});

test("texts that differ in everything are told as replaced", () => {
  const many = (word: string): string => Array.from({ length: 3000 }, (_, at) => `${word}${at}`).join("\n");

  expect(diff(many("a"), many("b")).filter((line) => line.kind === "added").length).toBe(3000);
});

test("long stretches of equal lines are folded, and none is lost", () => {
  const equal = Array.from({ length: 20 }, (_, at) => `${at}\n`).join("");

  const blocks = folded(diff(`x\n${equal}y\n`, `X\n${equal}Y\n`));

  expect(blocks.map((block) => (block.kind === "skipped" ? block.count : block.text)).join(" ")).toBe(
    "x X 0 1 2 14 17 18 19 y Y",
  );
});

test("a line that replaces one that is alike has the words marked that differ", () => {
  const shown = marked(diff("a\nSum it in {{ n }} lines.\n", "a\nSum it in {{ count }} short lines.\n"))
    .map(
      (line) => line.pieces?.map((piece) => (piece.isChanged ? `[${piece.text}]` : piece.text)).join("") ?? line.text,
    )
    .join("\n");

  expect(shown).toBe("a\nSum it in {{ [n] }} lines.\nSum it in {{ [count] }}[ short] lines.");
});

test("lines that have little in common are replaced as a whole", () => {
  expect(marked(diff("Be brief.", "Answer in one sentence.")).map((line) => line.pieces)).toEqual([
    undefined,
    undefined,
  ]);
});

test("marks change no text and no line", () => {
  const words = fc.array(fc.constantFrom("a", "b", " ", "\n", "é", "😀", "<b>"), { maxLength: 30 });
  fc.assert(
    fc.property(words, words, (left, right) => {
      const found = diff(left.join(""), right.join(""));

      const shown = marked(found);

      expect(shown.map(({ kind, text }) => ({ kind, text }))).toEqual(found);
      for (const { pieces, text } of shown) expect(pieces?.map((piece) => piece.text).join("") ?? text).toBe(text);
    }),
  );
});
