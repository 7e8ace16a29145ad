import { expect, test } from "vitest";
import type { Entry } from "../files";
import { nameOf } from "../kind";
import { MAX_BYTES, tilesOf } from "./tiles";

const entry = (path: string, sizeBytes = 1): Entry => ({ path, name: nameOf(path), isFolder: false, sizeBytes });

test("images of a folder are tiles, by their small copies where they have one", () => {
  const logged = "images/cats+step+1+timestamp+2+u";
  const found = tilesOf([
    { ...entry("images/more.png"), isFolder: true },
    entry(`${logged}.png`, MAX_BYTES + 1),
    entry(`${logged}+compressed.webp`),
    entry("images/roc.svg"),
    entry("images/notes.txt"),
  ]);

  expect(found.map(({ entry: { path }, path: shown }) => [path, shown])).toEqual([
    [`${logged}.png`, `${logged}+compressed.webp`],
    ["images/roc.svg", "images/roc.svg"],
  ]);
});

test("a large image without a small copy is no tile", () => {
  expect(tilesOf([entry("a.png", MAX_BYTES), entry("b.png", MAX_BYTES + 1)]).map(({ path }) => path)).toEqual([
    "a.png",
  ]);
});
