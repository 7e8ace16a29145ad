import { expect, test, vi } from "vitest";
import type { Action } from "../action";
import { Keys, type Press } from "./keys";

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  ctrl: false,
  meta: false,
  alt: false,
  shift: false,
  ...more,
});
const action = (id: string, key: string, more: Partial<Action> = {}): Action => ({
  id,
  key,
  label: id,
  run: vi.fn(),
  ...more,
});

test("the innermost enabled action has the key", () => {
  const all = [action("outer", "x"), action("inner", "x"), action("off", "x", { enabled: false })];

  expect(new Keys(false).read(press("x"), all, false, 0)?.id).toBe("inner");
});

test("two keys in turn are one action, unless too much time passes", () => {
  const keys = new Keys(false);
  const all = [action("go", "g r"), action("retry", "r")];

  expect(keys.read(press("g"), all, false, 0)).toBeNull();
  expect(keys.read(press("r"), all, false, 500)?.id).toBe("go");
  expect(keys.read(press("g"), all, false, 1000)).toBeNull();
  expect(keys.read(press("r"), all, false, 5000)?.id).toBe("retry");
});

test("letters typed into a field are text, Ctrl with a letter is not", () => {
  const all = [action("select", "x"), action("palette", "Mod+k")];

  expect(new Keys(false).read(press("x"), all, true, 0)).toBeNull();
  expect(new Keys(false).read(press("k", { ctrl: true }), all, true, 0)?.id).toBe("palette");
  expect(new Keys(true).read(press("k", { meta: true }), all, true, 0)?.id).toBe("palette");
});

test("single letters can be turned off", () => {
  const all = [action("select", "x"), action("palette", "Mod+k")];

  expect(new Keys(false).read(press("x"), all, false, 0, false)).toBeNull();
  expect(new Keys(false).read(press("k", { ctrl: true }), all, false, 0, false)?.id).toBe("palette");
});

test("signs are named as they are typed, letters with their shift", () => {
  const keys = new Keys(false);

  expect(keys.nameOf(press("?", { shift: true }))).toBe("?");
  expect(keys.nameOf(press("X", { shift: true }))).toBe("Shift+X");
  expect(keys.nameOf(press("ArrowDown", { shift: true }))).toBe("Shift+ArrowDown");
});
