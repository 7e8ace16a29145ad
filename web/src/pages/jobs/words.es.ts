import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  title: "Trabajos",
  job: "Trabajo",
  kind: "Tipo",
  state: "Estado",
  progress: "Progreso",
  user: "Usuario",
  created: "Creado",
  none: "Aún no hay trabajos",
  noneHint:
    "Un trabajo es algo que el servidor hace en segundo plano. Abra una versión de un modelo y pulse Puntuar una tabla.",
  toModels: "A los modelos",
  queue: (running: string, limit: string, queued: string) => `${running} de ${limit} en marcha, ${queued} esperando`,
  pausedQueue: "La cola está en pausa: no empieza ningún trabajo.",
  pauseQueue: "Pausar la cola",
  resumeQueue: "Reanudar la cola",
  schedules: "Programaciones",
  name: "Nombre",
  when: "Cuándo",
  next: "Próxima",
  last: "Última",
  every: (time: string) => `cada ${time}`,
  paused: "En pausa",
  pause: "Pausar",
  resume: "Reanudar",
  run: "Ejecutar ahora",
  remove: "Eliminar",
  removed: (name: string) => `Programación ${name} eliminada`,
  lastJob: "último trabajo",
} satisfies Words<typeof en>;
