import { formatCount, plural } from "@/i18n/format";
import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

const count = (one: string, more: string) => (value: number) =>
  `${formatCount(value)} ${plural(value) === "one" ? one : more}`;
const places = count("lugar", "lugares");
const files = count("archivo", "archivos");

export default {
  title: "Huérfanos",
  storage: "Almacenamiento",
  hint: "Archivos sin fila en la base de datos y filas cuyos archivos faltan. Los archivos de menos de un día no se cuentan: pueden ser de una subida en curso.",
  search: "Buscar",
  searched: "Buscado",
  working: "Trabajando",
  none: "Todavía no se ha buscado nada",
  noneHint:
    "Un trabajo compara los archivos del espacio de trabajo con sus ejecuciones, modelos y versiones. No cambia nada.",
  sides: { files: "Archivos sin fila", rows: "Filas sin archivos", quarantine: "Cuarentena" },
  clean: {
    files: "Todos los archivos tienen fila",
    rows: "Todas las filas tienen sus archivos",
    quarantine: "La cuarentena está vacía",
  },
  place: "Lugar",
  kind: "Tipo",
  id: "ID",
  files: "Archivos",
  size: "Tamaño",
  newest: "Más reciente",
  moved: "Movido",
  actions: "Acciones",
  kinds: {
    run: "Ejecución eliminada",
    logged_model: "Modelo de ejecución eliminado",
    trace: "Traza eliminada",
    model_version: "Versión copiada",
    trace_spans: "Spans",
    upload: "Subida",
    other: "Otros archivos",
  } as Record<string, string>,
  rowKinds: {
    run: "Ejecución",
    logged_model: "Modelo de ejecución",
    model_version: "Versión de modelo",
    trace_spans: "Spans de una traza",
  } as Record<string, string>,
  move: "Mover a la cuarentena…",
  moveOne: (key: string) => `Mover ${key} a la cuarentena`,
  moveTitle: "Mover a la cuarentena",
  moveWhat: (some: number, all: number, bytes: string) => `${places(some)} con ${files(all)}, ${bytes}.`,
  moveHint:
    "Los archivos quedan en el mismo almacén, sin acceso para los clientes, hasta que se eliminen. Se pueden devolver a su lugar.",
  moveAction: "Mover",
  back: "Devolver",
  backOne: (key: string) => `Devolver ${key}`,
  purge: "Vaciar…",
  purgeOne: (key: string) => `Eliminar ${key} definitivamente`,
  purgeTitle: "Vaciar la cuarentena",
  purgeAction: (bytes: string) => `Eliminar definitivamente y liberar ${bytes}`,
  purgeHint: "Los archivos se eliminan. No se puede deshacer.",
  prompt: (word: string) => `Escriba ${word} para eliminar`,
  done: (some: number, bytes: string) => `${files(some)}, ${bytes}`,
  rowsHint: "Restaure los archivos desde una copia de seguridad, o elimine la fila.",
  otherHint: "Se desconoce a qué pertenecían los otros archivos. Solo se mueven uno a uno.",
} satisfies Strings<typeof en>;
