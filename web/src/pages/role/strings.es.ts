import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

export default {
  add: "Nuevo rol",
  custom: "propio",
  builtIn: "integrado",
  definition: "Definición",
  editHint:
    "El JSON que escriben las herramientas de Azure. Un * vale por cualquier parte de una acción. Un cambio vale de inmediato para todos los que tienen el rol.",
  json: "Rol como JSON",
  create: "Crear el rol",
  save: "Guardar el rol",
  saved: (name: string) => `Se guardó el rol ${name}`,
  line: (line: number) => `Línea ${line}: `,
  unknown: (pattern: string) =>
    `${pattern} no coincide con ninguna acción de este servidor. Se conserva y no tiene efecto.`,
  allowed: (count: number) => `Permite ${formatCount(count)} ${plural(count) === "one" ? "acción" : "acciones"}`,
  nothing: "El rol no permite nada.",
  missing: (id: string) => `No hay ningún rol ${id}`,
  toRoles: "A los roles",
  remove: "Eliminar",
  removeTitle: (name: string) => `¿Eliminar el rol ${name}?`,
  removeHint: "Un rol asignado no se puede eliminar. No se puede deshacer.",
  removePrompt: (name: string) => `Escriba ${name} para eliminar el rol`,
  removeAction: "Eliminar el rol",
  deleted: (name: string) => `Se eliminó el rol ${name}`,
  noJson: (line: number, why: string) => `Línea ${line}: esto no es JSON. ${why}`,
  noObject: 'El JSON debe ser un objeto: { "Name": …, "Actions": […] }',
  unknownField: (name: string, known: string) => `${name} no es un campo de un rol. Los campos son ${known}.`,
  noText: "Debe ser un texto entre comillas.",
  noList: 'Debe ser una lista de textos: ["…"]',
  noName: "El rol necesita un Name.",
} satisfies Strings<typeof en>;
