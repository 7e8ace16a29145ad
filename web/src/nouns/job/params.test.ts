import { expect, test } from "vitest";
import { paramsOf, typedOf, valuesOf } from "./params";

const SCHEMA = {
  $ref: "#/$defs/Score",
  $defs: {
    Score: {
      type: "object",
      properties: {
        model: { type: "string" },
        columns: { anyOf: [{ type: "array", items: { type: "string" } }, { type: "null" }], default: null },
        engine: { enum: ["local", "spark"], default: "local" },
        most: { type: "integer", default: 1000 },
        overwrite: { type: "boolean", default: false },
        conf: { type: "object", default: {} },
      },
      required: ["model"],
    },
  },
};
const PARAMS = paramsOf(SCHEMA);

test("each parameter of the schema is a field of its type", () => {
  expect(PARAMS.map(({ name, type, isRequired, usual }) => [name, type, isRequired, usual])).toEqual([
    ["model", "text", true, ""],
    ["columns", "json", false, ""],
    ["engine", "choice", false, "local"],
    ["most", "integer", false, "1000"],
    ["overwrite", "boolean", false, "false"],
    ["conf", "json", false, ""],
  ]);
  expect(PARAMS[2]?.choices).toEqual(["local", "spark"]);
});

test("what is empty is left out, the rest has its type", () => {
  const typed = { model: "models:/a/1", columns: '["x"]', most: "5", overwrite: "true", engine: "", conf: " " };

  expect(valuesOf(PARAMS, typed)).toEqual({
    values: { model: "models:/a/1", columns: ["x"], most: 5, overwrite: true },
  });
});

test("a text that is no value of its field is named", () => {
  expect(valuesOf(PARAMS, { model: "m", most: "1.5" }).wrong).toBe("most");
  expect(valuesOf(PARAMS, { model: "m", columns: "[x" }).wrong).toBe("columns");
});

test("stored parameters come back as they were typed", () => {
  const values = { model: "m", columns: ["x"], engine: "spark", most: 5, overwrite: true, conf: { a: "1" } };

  expect(valuesOf(PARAMS, typedOf(values)).values).toEqual(values);
});
