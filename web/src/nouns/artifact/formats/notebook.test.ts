import { expect, test } from "vitest";
import { parseNotebook } from "./notebook";

const notebook = (cells: unknown[]) => JSON.stringify({ nbformat: 4, metadata: {}, cells });

test("cells and outputs have their richest safe form", () => {
  const shown = parseNotebook(
    notebook([
      { cell_type: "markdown", source: ["# Title\n", "text"] },
      {
        cell_type: "code",
        execution_count: 3,
        source: "plot()",
        outputs: [
          { output_type: "stream", name: "stderr", text: ["\u001b[31mwarn\u001b[0m"] },
          { output_type: "display_data", data: { "text/plain": "fig", "image/png": "aGk=\n" } },
          { output_type: "execute_result", data: { "text/html": ["<b>", "x</b>"], "text/plain": "x" } },
          { output_type: "error", ename: "E", evalue: "v", traceback: ["one", "two"] },
        ],
      },
    ]),
  );

  expect(shown.cells).toEqual([
    { kind: "markdown", text: "# Title\ntext" },
    {
      kind: "code",
      count: "3",
      source: "plot()",
      outputs: [
        { kind: "text", text: "warn", isError: true },
        { kind: "image", source: "data:image/png;base64,aGk=" },
        { kind: "html", html: "<b>x</b>" },
        { kind: "text", text: "one\ntwo", isError: true },
      ],
    },
  ]);
});

test("an image that is no base64 is no image", () => {
  const data = { "image/png": '"><script>alert(1)</script>', "text/plain": "plain" };
  const { cells } = parseNotebook(notebook([{ cell_type: "code", source: "", outputs: [{ data }] }]));

  expect(cells[0]).toMatchObject({ outputs: [{ kind: "text", text: "plain" }] });
});

test.each(["[]", "{}", '{"cells": 3}', "no json"])("%s is refused", (text) => {
  expect(() => parseNotebook(text)).toThrow();
});

test("strange cells are skipped, not fatal", () => {
  const { cells } = parseNotebook(notebook([null, 3, { cell_type: "code", outputs: [null, { data: null }] }]));

  expect(cells).toEqual([{ kind: "code", count: "", source: "", outputs: [] }]);
});
