import { expect, test } from "vitest";
import { decodeHead, wholeLines } from "./text";

const bytes = (text: string) => new TextEncoder().encode(text);

test("a character that is cut in two at the end of the head is left out", () => {
  const whole = bytes("precio: 5 €");

  expect(decodeHead(whole.subarray(0, whole.length - 1), true)).toEqual({ text: "precio: 5 ", isBinary: false });
});

test("bytes with a NUL are no text", () => {
  expect(decodeHead(new Uint8Array([80, 75, 3, 4, 0, 0]), true).isBinary).toBe(true);
});

test("text of Windows is read, and UTF-16 with its mark", () => {
  expect(decodeHead(new Uint8Array([99, 97, 102, 0xe9]), false)).toEqual({ text: "café", isBinary: false });
  expect(decodeHead(new Uint8Array([0xff, 0xfe, 104, 0, 105, 0]), false)).toEqual({ text: "hi", isBinary: false });
});

test("bytes that are mostly control characters are no text", () => {
  expect(decodeHead(new Uint8Array([0xff, 1, 2, 3, 4, 5, 6, 7, 8]), false).isBinary).toBe(true);
});

test("the incomplete last line of a head is cut off", () => {
  expect(wholeLines("a\nb\nc")).toBe("a\nb\n");
  expect(wholeLines("one line")).toBe("one line");
});
