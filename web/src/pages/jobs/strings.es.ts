import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

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
  actions: "Acciones",
  noSchedules:
    "Una programación pone un trabajo en la cola según una expresión cron o cada cierto tiempo, como una tabla que se puntúa cada noche.",
  anyState: "Cualquier estado",
  anyKind: "Cualquier tipo",
  noneMatch: "Ningún trabajo tiene este estado y tipo",
  all: "Ver todos los trabajos",
} satisfies Strings<typeof en>;
