import { expect, test } from "vitest";
import { commitPage, repositoryPage, sourceLinks, webAddress } from "./source";

test.each([
  ["https://github.com/acme/churn.git", "https://github.com/acme/churn"],
  ["git@github.com:acme/churn.git", "https://github.com/acme/churn"],
  ["ssh://git@gitlab.example.org:2222/team/churn.git/", "https://gitlab.example.org/team/churn"],
  ["https://user:secret@dev.azure.com/acme/p/_git/churn", "https://dev.azure.com/acme/p/_git/churn"],
  ["git@ssh.dev.azure.com:v3/acme/p/churn", "https://dev.azure.com/acme/p/_git/churn"],
  ["http://gitea.local:3000/a/b", "http://gitea.local:3000/a/b"],
])("the page of %s is %s", (url, page) => {
  expect(repositoryPage(url)).toBe(page);
});

test.each(["", "../code/churn", "C:\\code\\churn", "javascript:alert(1)//a/b", "file:///a.git", "https://github.com"])(
  "%j has no page",
  (url) => {
    expect(repositoryPage(url)).toBeUndefined();
  },
);

test("a commit has the page of its host", () => {
  expect(commitPage("git@github.com:a/b.git", "abc1234")).toBe("https://github.com/a/b/commit/abc1234");
  expect(commitPage("https://gitlab.com/a/b", "abc1234")).toBe("https://gitlab.com/a/b/-/commit/abc1234");
  expect(commitPage("https://bitbucket.org/a/b", "abc1234")).toBe("https://bitbucket.org/a/b/commits/abc1234");
  expect(commitPage("https://github.com/a/b", '"><script>')).toBeUndefined();
});

test("the tags of Databricks are links to the notebook, the job, its run and the cluster", () => {
  const links = sourceLinks({
    "mlflow.databricks.workspaceURL": "adb-1.2.azuredatabricks.net",
    "mlflow.databricks.workspaceID": "42",
    "mlflow.databricks.notebookID": "7",
    "mlflow.databricks.notebookPath": "/Users/Ana/churn",
    "mlflow.databricks.jobID": "8",
    "mlflow.databricks.jobRunID": "9",
    "mlflow.databricks.cluster.id": "0101-abc",
  });

  const host = "https://adb-1.2.azuredatabricks.net";
  expect(links).toEqual([
    { label: "notebook", text: "/Users/Ana/churn", href: `${host}/?o=42#notebook/7` },
    { label: "job", text: "8", href: `${host}/?o=42#job/8` },
    { label: "jobRun", text: "9", href: `${host}/?o=42#job/8/run/9` },
    { label: "cluster", text: "0101-abc", href: `${host}/?o=42#setting/clusters/0101-abc/configuration` },
    { label: "workspace", text: "adb-1.2.azuredatabricks.net", href: host },
  ]);
});

test("tags of an attacker are no links", () => {
  const links = sourceLinks({
    "mlflow.source.git.repoURL": "javascript:alert(1)",
    "mlflow.source.git.commit": "javascript:alert(1)",
    "mlflow.databricks.workspaceURL": "javascript:alert(1)",
    "mlflow.databricks.runURL": "javascript:alert(1)",
  });

  expect(links.every((link) => /^https?:\/\//.test(link.href))).toBe(true);
  expect(webAddress("data:text/html,x")).toBeUndefined();
});
