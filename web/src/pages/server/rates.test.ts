import { expect, test } from "vitest";
import { ratesOf, type Overview } from "./rates";

const look = (at: number, requests: number, cpu_s: number) => ({
  at,
  data: { requests, parts: [{ name: "server", cpu_s, resident_bytes: 1 }] } as unknown as Overview,
});

test("rates are what two looks differ by, for each second between them", () => {
  expect(ratesOf(look(0, 10, 1), look(10_000, 60, 6))).toEqual({ requests: 5, server: 0.5, children: 0 });
});

test("nothing is known from one look, and of a server that has begun again", () => {
  expect(ratesOf(undefined, look(0, 10, 1)).requests).toBeUndefined();
  expect(ratesOf(look(0, 10, 1), look(5000, 3, 2)).requests).toBeUndefined();
});
