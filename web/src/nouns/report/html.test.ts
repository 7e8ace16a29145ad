import fc from "fast-check";
import { expect, test } from "vitest";
import { toHtml, type Report } from "./html";

const report = (text: string): Report => ({
  title: text,
  origin: text,
  language: "en",
  parts: [
    { kind: "facts", title: text, facts: [[text, text]] },
    { kind: "table", title: text, note: text, columns: [{ name: text, isNumber: true }], rows: [[text]] },
    { kind: "text", title: text, text },
    { kind: "charts", title: text, note: text, svgs: [] },
  ],
});
const tags = (html: string): number => html.match(/</g)?.length ?? 0;

test("no text makes an element, an attribute or an entity of its own", () => {
  const plain = tags(toHtml(report("x")));

  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: fc.constantFrom(..."<>&\"'/=! scriptonx\n\u0000\u202e") }), (text) => {
      const html = toHtml(report(text));
      expect(tags(html)).toBe(plain);
      expect(html).not.toMatch(/<script/i);
    }),
  );
});

test("the file forbids scripts and requests", () => {
  expect(toHtml(report("x"))).toContain("default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;");
});
