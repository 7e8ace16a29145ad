import { formatCount, plural } from "@/i18n/format";
import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

const runs = (count: number): string =>
  `${formatCount(count)} ${plural(count) === "one" ? "ejecución" : "ejecuciones"}`;

export default {
  title: "Reglas de retención",
  trash: "Papelera",
  hint: "Una regla mueve ejecuciones a la papelera, o elimina ejecuciones o archivos, por antigüedad, puesto o etiquetas. Se aplica según un calendario.",
  add: "Nueva regla",
  edit: "Cambiar la regla",
  save: "Guardar la regla",
  none: "No hay ninguna regla",
  noneHint: "Una simulación muestra qué coincide con la regla antes de guardarla.",
  name: "Nombre",
  does: "Acción",
  what: "Regla",
  when: "Cuándo",
  next: "Próxima",
  last: "Última vez",
  actions: "Acciones",
  doing: {
    trash: "Mueve ejecuciones a la papelera",
    delete: "Elimina ejecuciones definitivamente",
    files: "Elimina archivos de ejecuciones",
  },
  saved: (name: string) => `Se guardó la regla ${name}`,
  experiments: "Experimentos",
  experimentsHint: "Nombres con *, como sweep-*",
  filter: "Filtro",
  filterHint: "Como status = 'FAILED' AND tags.team = 'nlp'",
  days: "Más antiguas que (días)",
  keep: "Conservar",
  keeps: { all: "Ninguna", last: "Las últimas", best: "Las mejores" },
  count: "Cuántas en cada experimento",
  metric: "Según la métrica",
  isLower: "Un valor menor es mejor",
  files: "Archivos",
  filesHint: "Rutas con *, como checkpoints/*",
  percent: "No eliminar nada si coinciden más de (% de todas las ejecuciones)",
  cron: "Horas (UTC)",
  cronHint: "Cinco campos: minuto, hora, día, mes, día de la semana",
  condition: "Indique al menos una condición: un filtro, una antigüedad, un número que conservar o archivos.",
  dryRun: "Simulación",
  looking: "Comprobando qué coincide con la regla",
  matches: (matched: number, total: number) => `Coinciden ${runs(matched)} de ${formatCount(total)}`,
  tooMany: "Más que el límite: la regla no eliminaría nada.",
  size: (count: number, bytes: string) =>
    `Las primeras 100 tienen ${formatCount(count)} ${plural(count) === "one" ? "archivo" : "archivos"}, ${bytes}.`,
  stays: "Se conserva",
  runId: "Ejecución",
  bytes: "Archivos",
  paths: "Rutas",
  more: (count: number) => `y ${runs(count)} más`,
} satisfies Strings<typeof en>;
