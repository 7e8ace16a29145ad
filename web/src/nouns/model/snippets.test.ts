import { expect, test } from "vitest";
import type { Column, MlModel } from "./mlmodel";
import { loadSnippet, modelUri, python, scoreSnippet, sparkSnippet } from "./snippets";

const model = (inputs: Column[]): MlModel => ({
  flavors: ["python_function"],
  signature: { inputs, outputs: [], params: [] },
  mlflowVersion: "",
  pythonVersion: "",
  sizeBytes: undefined,
  example: "",
  request: "",
});
const column = (name: string, type: string): Column => ({ name, type, isRequired: true });
const subject = { trackingUri: "http://127.0.0.1:5000/ws/a", name: "churn", version: "7" };

test("a version is named by its number, or by an alias where there is one", () => {
  expect(modelUri(subject)).toBe("models:/churn/7");
  expect(modelUri({ ...subject, alias: "champion" })).toBe("models:/churn@champion");
});

test("names are escaped, so that none of them is code", () => {
  const hostile = { ...subject, name: 'a"); import os #\n\u202e' };

  expect(loadSnippet(hostile)).toContain('load_model("models:/a\\"); import os #\\n\\u202e/7")');
  expect(python("back\\slash")).toBe('"back\\\\slash"');
});

test("scoring makes a data frame that fits the signature", () => {
  const code = scoreSnippet({ ...subject, model: model([column("age", "integer"), column("city", "string")]) });

  expect(code).toContain('"age": [0],\n    "city": ["text"],');
  expect(code).toContain('data = data.astype({"age": "int32"})');
});

test("scoring makes an array for a tensor", () => {
  const code = scoreSnippet({ ...subject, model: model([column("", "tensor<float32>[-1, 28, 28]")]) });

  expect(code).toContain('data = np.zeros((1, 28, 28,), dtype="float32")');
});

test("a model that says nothing of its input has no scoring snippet", () => {
  expect(scoreSnippet(subject)).toBeUndefined();
  expect(scoreSnippet({ ...subject, model: model([column("x", "{a: long}")]) })).toBeUndefined();
  expect(sparkSnippet(subject)).toBeUndefined();
});
