import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  edit: "Editar",
  none: "Aún no hay nada escrito aquí.",
  save: "Guardar",
  cancel: "Cancelar",
  hint: "Markdown. Ctrl+Intro guarda, Esc deja el texto como estaba.",
  failed: "No se guardó; su texto sigue aquí.",
} satisfies Strings<typeof en>;
