import fc from "fast-check";
import { expect, test } from "vitest";
import { indent } from "./json";

test("what JSON.stringify indents is indented the same", () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
      expect(indent(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    }),
  );
});

test("long numbers keep their digits", () => {
  expect(indent('{"id":12345678901234567890,"x":1.10}')).toBe('{\n  "id": 12345678901234567890,\n  "x": 1.10\n}');
});

test("the head of a cut file is indented as far as it goes", () => {
  expect(indent('{"a":[1,{"b":"cut of')).toBe('{\n  "a": [\n    1,\n    {\n      "b": "cut of');
});

test("numbers and words are cut, and have the spellings of Python", () => {
  expect(indent('{"a": NaN, "b": -Infinity ,"c": tr')).toBe('{\n  "a": NaN,\n  "b": -Infinity,\n  "c": tr');
  expect(indent("[1.5e-3, -2")).toBe("[\n  1.5e-3,\n  -2");
});

test.each(["{not json", "[see the log]", "{name: value}", "{'a': 1}"])("what is no JSON stays as it is: %s", (text) => {
  expect(indent(text)).toBe(text);
});

test("JSON lines and plain text stay as they are", () => {
  expect(indent('{"a":1}\n{"a":2}\n')).toBe('{"a":1}\n{"a":2}\n');
  expect(indent("hello {")).toBe("hello {");
});

test("text that is nested without end stays as it is", () => {
  const deep = "[".repeat(100_000);

  expect(indent(deep)).toBe(deep);
});
