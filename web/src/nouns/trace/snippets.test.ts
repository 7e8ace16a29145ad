import { expect, test } from "vitest";
import { getTracesCode, searchTracesCode, searchTracesCurl } from "./snippets";

const searched = { experiment: "7", filter: `name = "it's"`, order: "timestamp_ms DESC" };

test("a search as Python quotes its filter", () => {
  expect(searchTracesCode("http://localhost:5000", searched)).toContain(`filter_string="name = \\"it's\\"",`);
  expect(searchTracesCode("http://localhost:5000", { ...searched, filter: "" })).not.toContain("filter_string");
});

test("a search as curl leaves no quote of the shell open", () => {
  const code = searchTracesCurl("http://localhost:5000/ws/red/", searched);

  expect(code).toContain("'http://localhost:5000/ws/red/api/3.0/mlflow/traces/search'");
  const body = /-d '(.*)'$/s.exec(code)?.[1]?.replaceAll(`'\\''`, "'") ?? "";
  expect(JSON.parse(body)).toMatchObject({ filter: searched.filter, order_by: [searched.order] });
});

test("chosen traces as Python are a list of their ids", () => {
  expect(getTracesCode("http://localhost:5000", ["tr-1", "tr-2"])).toContain('        "tr-1",\n        "tr-2",\n');
});
