import { expect, test } from "vitest";
import { parseMlModel, typeOf } from "./mlmodel";

const MODEL = `
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.2}
  sklearn: {sklearn_version: 1.5.0}
mlflow_version: 3.17.2
model_size_bytes: 1024
saved_input_example_info: {artifact_path: input_example.json, serving_input_path: serving_input_example.json}
signature:
  inputs: '[{"name": "age", "type": "long", "required": true}, {"name": "city", "type": "string", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: '[{"name": "top_k", "type": "long", "default": 3, "shape": null}]'
`;

test("an MLmodel file tells flavours, signature and example", async () => {
  expect(await parseMlModel(MODEL)).toEqual({
    flavors: ["python_function", "sklearn"],
    signature: {
      inputs: [
        { name: "age", type: "long", isRequired: true },
        { name: "city", type: "string", isRequired: false },
      ],
      outputs: [{ name: "", type: "tensor<int64>[-1]", isRequired: true }],
      params: [{ name: "top_k", type: "long", isRequired: false }],
    },
    mlflowVersion: "3.17.2",
    pythonVersion: "3.11.2",
    sizeBytes: 1024,
    example: "input_example.json",
    request: "serving_input_example.json",
  });
});

test("a signature that is no JSON is empty, and text that is no mapping is refused", async () => {
  expect((await parseMlModel('signature: {inputs: "{", outputs: 3}')).signature).toEqual({
    inputs: [],
    outputs: [],
    params: [],
  });
  await expect(parseMlModel("- a list")).rejects.toThrow();
  await expect(parseMlModel("a: [")).rejects.toThrow();
});

test("nested types are short words", () => {
  const type = {
    type: "object",
    properties: { a: { type: "long" }, b: { type: "array", items: { type: "string" }, required: false } },
  };

  expect(typeOf(type)).toBe("{a: long, b?: array<string>}");
});
