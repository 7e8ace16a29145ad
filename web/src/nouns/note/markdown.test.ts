import { expect, test } from "vitest";
import { isSafeLink } from "./markdown";

test.each([
  ["https://example.org/x", true],
  ["mailto:a@example.org", true],
  ["javascript:alert(1)", false],
  ["JaVaScRiPt:alert(1)", false],
  [" \u0001javascript:alert(1)", false],
  ["data:text/html,<script>", false],
  ["vbscript:x", false],
  ["file:///etc/passwd", false],
  ["relative/path", false],
])("%j is a link: %j", (href, isLink) => {
  expect(isSafeLink(href)).toBe(isLink);
});
