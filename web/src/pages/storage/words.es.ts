import { formatCount } from "@/i18n/format";
import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  title: "Almacenamiento",
  count: "Contar de nuevo",
  counting: "Contando",
  countedFiles: (count: number) => `${formatCount(count)} hasta ahora`,
  counted: "Contado",
  none: "Todavía no se ha contado nada",
  noneHint: "Un trabajo suma los bytes de archivos y métricas. Tarda de segundos a minutos.",
  nothing: "Aquí nada ocupa espacio",
  by: {
    experiment: "Por experimento",
    user: "Por usuario",
    kind: "Por tipo",
    age: "Por antigüedad",
    item: "Por elemento",
  },
  map: (what: string) => `Mapa de árbol: ${what}`,
  all: "Todo el espacio de trabajo",
  name: "Nombre",
  items: "Elementos",
  files: "Archivos",
  metrics: "Métricas",
  total: "Total",
  share: "Parte",
  actions: "Acciones",
  remove: "Eliminar…",
  removeOf: (name: string) => `Eliminar ${name}`,
  rest: (count: number) => `${formatCount(count)} más`,
  outside: "En ningún experimento",
  nobody: "Nadie",
  kinds: {
    run: "Ejecuciones",
    logged_model: "Modelos de ejecuciones",
    model_version: "Versiones copiadas",
    rest: "Otros archivos",
    trash: "En la papelera",
  } as Record<string, string>,
  ages: {
    week: "Últimos 7 días",
    month: "Últimos 30 días",
    quarter: "Últimos 3 meses",
    year: "Último año",
    older: "Anteriores",
  } as Record<string, string>,
} satisfies Words<typeof en>;
