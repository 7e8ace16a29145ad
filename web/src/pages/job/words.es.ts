import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  jobs: "Trabajos",
  missing: "No existe este trabajo",
  toJobs: "A los trabajos",
  cancel: "Cancelar",
  retry: "Reintentar",
  attempt: "Intento",
  user: "Usuario",
  created: "Creado",
  took: "Duración",
  ofSchedule: "Programación",
  schedule: "Programar…",
  reason: "Motivo",
  params: "Parámetros",
  result: "Resultado",
  run: "Ejecución",
  progress: "Progreso",
  log: "Registro",
  noLog: "Aún no se ha escrito nada.",
  attemptOf: (attempt: string, most: string) => `${attempt} de ${most}`,
} satisfies Words<typeof en>;
