import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

const records = (count: number): string =>
  `${formatCount(count)} ${plural(count) === "one" ? "registro" : "registros"}`;

export default {
  title: "Conjuntos de evaluación",
  empty: "Todavía no hay conjuntos de evaluación",
  emptyHint:
    "Elija trazas en la lista y pulse «Añadir a un conjunto». Cada traza da un registro con entradas, salidas y expectativas, que lee mlflow.genai.evaluate.",
  toList: "Ir a la lista de trazas",
  name: "Nombre",
  records: "Registros",
  changed: "Cambiado",
  created: "Creado",
  createdBy: "Creado por",
  count: records,
  first: (count) => `los primeros ${records(count)}`,
  all: "Todos los conjuntos",
  datasetId: "id del conjunto",
  inputs: "Entradas",
  outputs: "Salidas",
  expectations: "Expectativas",
  source: "Origen",
  noRecords: "Este conjunto no tiene registros",
  code: "Leerlo en Python",
  missing: "No existe ese conjunto",
  removeRecord: "Eliminar el registro",
} satisfies Strings<typeof en>;
