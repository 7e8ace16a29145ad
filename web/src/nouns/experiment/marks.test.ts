import fc from "fast-check";
import { expect, test } from "vitest";
import { MOST_PINS, readColours, readPins, withColour, writeColours, writePins } from "./marks";

const query = (name: string, text: string | null): URLSearchParams =>
  new URLSearchParams(text === null ? {} : { [name]: text });

test("pins and colours are read from an address as they were written", () => {
  const ids = fc.string({ minLength: 1 });
  fc.assert(
    fc.property(fc.uniqueArray(ids, { maxLength: MOST_PINS }), fc.integer({ min: 0, max: 19 }), (runIds, slot) => {
      const colours = withColour(new Map(), runIds, slot);

      expect(readPins(query("pins", writePins(runIds)))).toEqual(runIds);
      expect(readColours(query("colours", writeColours(colours)))).toEqual(colours);
    }),
  );
});

test("a cut address has the marks that are whole", () => {
  expect(readColours(query("colours", "a!3,b!99,c!,d"))).toEqual(new Map([["a", 3]]));
  expect(readPins(query("pins", "a,,a,b"))).toEqual(["a", "b"]);
});

test("a choice is taken back", () => {
  const chosen = withColour(new Map([["a", 1]]), ["b", "c"], 4);

  expect(withColour(chosen, ["a", "b"], null)).toEqual(new Map([["c", 4]]));
});
