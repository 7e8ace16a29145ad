import { expect, test } from "vitest";
import { folderOf, isBinaryName, isTooLarge, kindOf, nameOf } from "./kind";

test.each([
  ["plots/loss.PNG", "image"],
  ["a.svg", "image"],
  ["data/head.csv", "table"],
  ["data.parquet", "parquet"],
  ["model/MLmodel", "text"],
  ["README", "markdown"],
  ["notes.md", "markdown"],
  ["train.ipynb", "notebook"],
  ["report.html", "html"],
  ["speech.wav", "audio"],
  ["game.mp4", "video"],
  ["report.PDF", "pdf"],
  ["model.pkl", "unknown"],
  ["no_extension", "unknown"],
  ["odd.constructor", "unknown"],
  ["__proto__", "unknown"],
  [".png", "image"],
])("%s is shown as %s", (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

test("a name tells files that nobody reads as text", () => {
  expect(isBinaryName("model/model.pkl")).toBe(true);
  expect(isBinaryName("model/notes")).toBe(false);
});

test("a preview that needs the whole file is refused above its size", () => {
  expect(isTooLarge("html", 5 * 1024 ** 3)).toBe(true);
  expect(isTooLarge("text", 5 * 1024 ** 3)).toBe(false);
});

test("a path has a folder and a name", () => {
  expect([folderOf("a/b/c.txt"), nameOf("a/b/c.txt"), folderOf("c.txt"), nameOf("c.txt")]).toEqual([
    "a/b",
    "c.txt",
    "",
    "c.txt",
  ]);
});
