import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["es-ES"] });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
const { locale } = await import("@/i18n/catalogue.svelte");
const { noteText, referenceText, variantText } = await import("./baseline");

test("what a window is compared with is in the language that is shown", async () => {
  await locale.choose("es");

  expect(referenceText("the baseline")).toBe("la referencia");
  expect(referenceText("7 windows of the past")).toBe("7 ventanas del pasado");
  expect(referenceText("of tomorrow")).toBe("of tomorrow");
  expect(variantText("two samples")).toBe("dos muestras");
  expect(variantText("of tomorrow")).toBe("of tomorrow");
});

test("notes of a window are in the language that is shown", async () => {
  const few = "The baseline has 1,500 rows, less than 10 times those of the window: chance differences stay.";
  await locale.choose("es");

  expect(noteText("The window has no rows.")).toBe("La ventana no tiene filas.");
  expect(noteText(few)).toMatch(/^La referencia tiene 1500 filas, menos de 10 veces las de la ventana/);
  expect(noteText("of tomorrow")).toBe("of tomorrow");
});
