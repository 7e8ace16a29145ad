import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

export default {
  title: "Experimentos",
  count: (count: number, more: boolean) =>
    `${formatCount(count)}${more ? "+" : ""} ${plural(count) === "one" ? "experimento" : "experimentos"}`,
  name: "Nombre",
  created: "Creado",
  changed: "Cambiado",
  runs: "Ejecuciones",
  lastRun: "Última ejecución",
  id: "ID",
  note: "Nota",
  find: "Buscar experimentos",
  selected: "Selección",
  select: (name: string) => `Seleccionar ${name}`,
  together: "Mostrar ejecuciones juntas",
  togetherHint: (most: number) => `Seleccione de 2 a ${formatCount(most)} experimentos`,
  chosen: (count: number) => `Seleccionados: ${formatCount(count)}`,
  firstRun: "Registre una primera ejecución",
  waiting: "Aparece aquí por sí sola.",
  none: "Todavía no hay experimentos",
  noneHint:
    "Registre una primera ejecución en este espacio de trabajo. Cualquier cliente de MLflow sirve, sin cambios:",
  noneFound: (text: string) => `Ningún experimento tiene «${text}» en su nombre`,
  add: "Nuevo experimento",
  create: "Crear",
  newName: "Nombre del experimento",
  location: "Ubicación de los artefactos",
  locationHint:
    "Un URI para los archivos de sus ejecuciones. Vacío: bajo la raíz de artefactos del espacio de trabajo.",
  actions: "Acciones",
  actionsOf: (name: string) => `Acciones de ${name}`,
  rename: "Cambiar el nombre",
  renameOf: (name: string) => `Cambiar el nombre de ${name}`,
  renamed: (name: string) => `Ahora se llama ${name}`,
  remove: "Mover a la papelera",
  removed: (name: string) => `Se eliminó ${name} con sus ejecuciones`,
  restore: "Restaurar",
  restored: (name: string) => `Se restauró ${name} con sus ejecuciones`,
  lives: "Experimentos activos y eliminados",
  active: "Activos",
  deleted: "Eliminados",
  noneDeleted: "No hay experimentos eliminados",
  deletedHint: "Un experimento restaurado vuelve con todas sus ejecuciones.",
} satisfies Strings<typeof en>;
