import { expect, test } from "vitest";
import { curlCode, exampleBody, pythonCode } from "./call";
import { deployCode } from "./deploy";
import { nameFor } from "./name";

const column = (name: string, type: string) => ({ name, type, isRequired: true });

test("a body has one row with a value of each column's type", () => {
  expect(exampleBody([column("age", "long"), column("tags", "array<string>")])).toEqual({
    dataframe_split: { columns: ["age", "tags"], data: [[1, ["text"]]] },
  });
  expect(exampleBody([column("", "tensor<float32>[-1, 2]")])).toEqual({ inputs: [[0, 0]] });
  expect(exampleBody([column("x", "{a: long}")])).toBeUndefined();
  expect(exampleBody([])).toBeUndefined();
});

test("code quotes what it is given", () => {
  const call = { url: "http://h/score", key: "k", body: { it: ["it's", true, null] } };

  expect(curlCode(call)).toContain(`-d '{"it":["it'\\''s",true,null]}'`);
  expect(curlCode(call)).toContain("'authorization: Bearer k'");
  expect(pythonCode(call)).toContain(`body = {"it": ["it's", True, None]}`);
  expect(pythonCode({ ...call, key: "" })).not.toContain("authorization");
});

test("a model's name becomes a name that an endpoint may have", () => {
  expect(nameFor("9 Iris_classifier!")).toBe("Iris-classifier");
  expect(nameFor("ñ")).toBe("endpoint");
  expect(nameFor(`${"a".repeat(31)}-b`)).toBe("a".repeat(31));
});

test("the command that deploys quotes its words and names a workspace that is not the default one", () => {
  const uri = "models:/it's mine/3";

  expect(deployCode("it's mine", uri, "http://h", "default")).toBe(
    "trackside endpoint create it-s-mine \\\n  --model 'models:/it'\\''s mine/3' \\\n  --server 'http://h' \\\n  --wait",
  );
  expect(deployCode("m", "models:/m/1", "http://h", "team-a")).toContain("--workspace 'team-a'");
});
