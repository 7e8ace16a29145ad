import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  past: (count: number) => (count === 1 ? "la ventana anterior" : `las ${count} ventanas anteriores`),
  between: (start: string, end: string) => `${start} a ${end}`,
  ofPast: (count: string) => `${count} ventanas del pasado`,
  ofWeekdays: (count: string) => `${count} ventanas de los mismos días de la semana`,
  references: {
    "the baseline": "la referencia",
    "the same weekdays of the baseline": "los mismos días de la semana de la referencia",
  },
  notes: {
    "There are no earlier windows for a comparison yet.": "Todavía no hay ventanas anteriores con las que comparar.",
    "The baseline has no rows of this slice.": "La referencia no tiene filas de este segmento.",
    "The window has no rows.": "La ventana no tiene filas.",
    "No magnitude: it needs 50 rows in the baseline and the window, and a column that a classifier can use.":
      "Sin magnitud: hacen falta 50 filas en la referencia y en la ventana, y una columna que un clasificador pueda usar.",
    "No magnitude: it needs the rows of the window. Back-fill the window to compute it.":
      "Sin magnitud: hacen falta las filas de la ventana. Vuelva a calcular la ventana para obtenerla.",
  },
  smallBaseline: (rows, times) =>
    `La referencia tiene ${rows} filas, menos de ${times} veces las de la ventana: sus diferencias casuales quedan en cada ventana.`,
  variants: {
    "two samples": "dos muestras",
    plain: "simple",
    "divided by the population sd of the reference (evidently)":
      "dividida por la desviación poblacional de la referencia (evidently)",
    "divided by the sample sd of the reference (azure)": "dividida por la desviación muestral de la referencia (azure)",
    "natural logarithm, Sturges bins over both (evidently)":
      "logaritmo natural, intervalos de Sturges sobre ambas (evidently)",
    "base 2, equal bins over both (azure)": "base 2, intervalos iguales sobre ambas (azure)",
    "base 2, Doane bins of the reference (nannyml)": "base 2, intervalos de Doane de la referencia (nannyml)",
    "Sturges bins over both, empty bins filled (evidently)":
      "intervalos de Sturges sobre ambas, los vacíos rellenos (evidently)",
    "equal bins over both, one more value in each (azure)":
      "intervalos iguales sobre ambas, un valor más en cada uno (azure)",
    "deciles of the reference, floor 1e-4": "deciles de la referencia, mínimo 1e-4",
    "natural logarithm, Sturges bins over both, empty bins filled (evidently)":
      "logaritmo natural, intervalos de Sturges sobre ambas, los vacíos rellenos (evidently)",
    "Doane bins of the reference (nannyml)": "intervalos de Doane de la referencia (nannyml)",
    "by value": "por valor",
    "natural logarithm, by value (evidently)": "logaritmo natural, por valor (evidently)",
    "base 2, by value (azure, nannyml)": "base 2, por valor (azure, nannyml)",
    "by value, empty ones filled (evidently)": "por valor, los vacíos rellenos (evidently)",
    "by value, one more of each (azure)": "por valor, uno más de cada uno (azure)",
    "contingency table, Yates' correction for 2 x 2 (nannyml)":
      "tabla de contingencia, corrección de Yates para 2 x 2 (nannyml)",
    "contingency table, no correction": "tabla de contingencia, sin corrección",
    "goodness of fit, the reference taken as exact (evidently, azure)":
      "bondad de ajuste, la referencia tomada como exacta (evidently, azure)",
  },
} satisfies Strings<typeof en>;
