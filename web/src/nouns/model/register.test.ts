import { describe, expect, it } from "vitest";
import { foldersOf, folderOfRun, fromUri, loggedModel, versionsOf } from "./register";

describe("what a version is made of", () => {
  it("is a folder below the files of a run, or all of them", () => {
    expect(folderOfRun("r", "mlflow-artifacts:/0/r/artifacts", "a/model")).toEqual({
      source: "mlflow-artifacts:/0/r/artifacts/a/model",
      run_id: "r",
    });
    expect(folderOfRun("r", "s3://bucket/r/", "").source).toBe("s3://bucket/r/");
  });

  it("is a logged model by its id, with its run where it has one", () => {
    expect(loggedModel("m-1", undefined)).toEqual({ source: "models:/m-1", model_id: "m-1" });
    expect(loggedModel("m-1", "r").run_id).toBe("r");
  });

  it("is a folder that the tag of an older client lists", () => {
    const history = JSON.stringify([{ artifact_path: "a" }, { artifact_path: "a" }, { artifact_path: 3 }, null]);

    expect(foldersOf("r", "s3://b/r", history)).toEqual([
      { label: "a", name: "", from: { source: "s3://b/r/a", run_id: "r" } },
    ]);
    for (const text of [undefined, "", "no JSON", "{}"]) expect(foldersOf("r", "s3://b/r", text)).toEqual([]);
  });

  it("is what a URI names, with the run or the logged model that the URI has", () => {
    expect(fromUri("runs:/r1/a/model")).toEqual({ source: "runs:/r1/a/model", run_id: "r1" });
    expect(fromUri("models:/m-1")).toEqual({ source: "models:/m-1", model_id: "m-1" });
    for (const source of ["models:/churn/3", "models:/m-1@best", "s3://bucket/runs:/r/x"]) {
      expect(fromUri(source)).toEqual({ source });
    }
  });
});

describe("the versions of a logged model", () => {
  const read = (value: string) => versionsOf([{ key: "mlflow.modelVersions", value }]);

  it("are read from its tag", () => {
    expect(read('[{"name": "a", "version": 2}]')).toEqual([{ name: "a", version: "2" }]);
    expect(versionsOf([])).toEqual([]);
  });

  it("are told once, though the server writes numbers and clients write texts", () => {
    expect(read('[{"name": "a", "version": 2}, {"name": "a", "version": "2"}, {"name": "b", "version": "2"}]')).toEqual(
      [
        { name: "a", version: "2" },
        { name: "b", version: "2" },
      ],
    );
  });

  it("are none where the tag says something else", () => {
    for (const value of ["", "{", "3", "[3, null]", '[{"name": 1, "version": 2}]', "null"]) {
      expect(read(value)).toEqual([]);
    }
  });
});
