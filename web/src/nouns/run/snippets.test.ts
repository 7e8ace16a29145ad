import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { firstRunVariables } from "./snippets";

test("a shell takes the variables as they are, whatever the name of the experiment", () => {
  const uri = "http://127.0.0.1:5000/ws/team%20a";
  expect(firstRunVariables(uri)).toBe(`export MLFLOW_TRACKING_URI=${uri}`);

  for (const name of ["churn", 'it\'s $(date) "new"', "a b\\n"]) {
    const script = `${firstRunVariables(uri, name)}; printf '%s|%s' "$MLFLOW_TRACKING_URI" "$MLFLOW_EXPERIMENT_NAME"`;
    expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe(`${uri}|${name}`);
  }
});
