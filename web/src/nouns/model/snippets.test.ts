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

test("scoring takes the values of the saved request that are of a column's type", () => {
  const saved = { dataframe_split: { columns: ["plan", "age", "fee", "vip"], data: [["it's", 3, 4, "no"], []] } };
  const columns = [column("age", "long"), column("plan", "string"), column("fee", "double"), column("vip", "boolean")];
  const score = (body: unknown) => scoreSnippet({ ...subject, model: model(columns), saved: body });

  expect(score(saved)).toContain('"age": [3],\n    "plan": ["it\'s"],\n    "fee": [4.0],\n    "vip": [False],');
  for (const other of [undefined, null, { inputs: [] }, { dataframe_split: { columns: 1, data: [] } }]) {
    expect(score(other)).toContain('"age": [0],\n    "plan": ["text"],');
  }
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
