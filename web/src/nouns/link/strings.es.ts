import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  states: { active: "Activo", paused: "En pausa", removing: "Desvinculando" },
  failing: "Sin conexión con el remoto",
  modes: { push: "envía a", pull: "recibe de", both: "sincronizado con" },
} satisfies Strings<typeof en>;
