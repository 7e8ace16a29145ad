import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

const traces = (count: number): string => `${formatCount(count)} ${plural(count) === "one" ? "traza" : "trazas"}`;

export default {
  title: (count) => `Añadir ${traces(count)} a un conjunto de evaluación`,
  dataset: "Conjunto",
  datasetHint: "Elija uno de este experimento o escriba el nombre de uno nuevo",
  placeholder: "preguntas-de-oro",
  add: "Añadir",
  isNew: (name) => `Se creará el conjunto ${name}.`,
  records:
    "Cada traza da un registro: las entradas y salidas de su tramo raíz y sus expectativas. Un registro con las mismas entradas se actualiza.",
  noInputs: "Ninguna de estas trazas tiene entradas en su tramo raíz: no hay nada que añadir.",
  added: (added, updated, name) => `${name}: ${formatCount(added)} añadidos, ${formatCount(updated)} actualizados`,
  skipped: (count) => `${traces(count)} sin entradas omitidas`,
} satisfies Strings<typeof en>;
