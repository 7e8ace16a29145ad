import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

const traces = (count: number): string => `${formatCount(count)} ${plural(count) === "one" ? "traza" : "trazas"}`;

export default {
  title: (count) => `Añadir ${traces(count)} a una cola de revisión`,
  queue: "Cola de revisión",
  queueHint:
    "Elija una de este experimento, o escriba el nombre de una nueva. Una cola nueva hace todas las preguntas del experimento.",
  placeholder: "semana 48",
  add: "Añadir",
  isNew: (name) => `Se creará la cola ${name}.`,
  added: (count, name) => `${traces(count)} en ${name}`,
} satisfies Strings<typeof en>;
