import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  states: {
    queued: "En cola",
    running: "En marcha",
    cancelling: "Cancelando",
    succeeded: "Terminado",
    failed: "Fallido",
    cancelled: "Cancelado",
  },
  of: (done: string, total: string) => `${done} de ${total}`,
  rate: (count: string) => `${count} por segundo`,
  left: (time: string) => `faltan ${time}`,
  score: "Puntuar una tabla",
  scoreTitle: (model: string, version: string) => `Puntuar una tabla con ${model} ${version}`,
  file: "Tabla",
  fileHint:
    "Un archivo Parquet, CSV o JSON por líneas. Se envía al servidor, y el resultado es un archivo de una ejecución nueva.",
  where: "Condición",
  whereHint: "Solo se puntúan las filas que la cumplen, como age > 30. Vacía: todas.",
  environment: "Entorno",
  environments: {
    auto: "Automático: uv si está instalado, si no --model-python",
    uv: "Crear uno con los requisitos del modelo (uv)",
    local: "El Python de --model-python",
  },
  start: "Empezar",
} satisfies Words<typeof en>;
