import type { Words } from "./catalogue.svelte";
import { plural } from "./format";
import type en from "./shell.en";

export default {
  rail: {
    label: "Principal",
    experiments: "Experimentos",
    models: "Modelos",
    links: "Enlaces",
    workspaces: "Espacios de trabajo",
    webhooks: "Webhooks",
    imports: "Importaciones",
  },
  workspace: "Espacio de trabajo",
  theme: { label: "Tema", system: "Tema del sistema", light: "Tema claro", dark: "Tema oscuro" },
  language: "Idioma",
  settings: "Tema e idioma",
  skip: "Ir al contenido",
  retry: "Reintentar",
  cancel: "Cancelar",
  close: "Cerrar",
  undo: "Deshacer",
  copy: "Copiar",
  copied: "Copiado",
  loading: "Cargando",
  more: "Más acciones",
  noMatch: "Nada coincide",
  trackingUri: "URI de seguimiento",
  lost: (time: string) =>
    `No se puede alcanzar el servidor desde las ${time}. Lo que ve puede ser antiguo; la página lo intenta de nuevo sola.`,
  tryNow: "Probar ahora",
  back: "El servidor ha vuelto",
  failed: "No se pudo cargar",
  unreachable: "El servidor no respondió. La página lo intenta de nuevo sola.",
  noPage: "No hay ninguna página en esta dirección",
  noPageHint: (path: string) => `No hay nada en ${path}. El enlace puede estar cortado o ser de otra versión.`,
  toExperiments: "A los experimentos",
  newVersion: "El servidor tiene otra versión de esta página",
  reload: "Recargar",
  signIn: "Iniciar sesión",
  signOut: "Cerrar sesión",
  signedInAs: (name: string) => `Sesión iniciada como ${name}`,
  signInNeeded: "Este servidor tiene usuarios. Inicie sesión para ver esto.",
  denied: "No tiene permiso para esto",
  missing: (action: string, roles: string) =>
    `Hace falta el permiso ${action}.${roles ? ` Roles con este permiso: ${roles}.` : ""} Un administrador puede dárselo.`,
  hiddenErrors: (count: number) => (plural(count) === "one" ? "1 error más" : `${count} errores más`),
} satisfies Words<typeof en>;
