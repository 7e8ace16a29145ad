import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  hint: "Si una entidad de seguridad puede realizar una acción en un ámbito, y qué asignaciones lo deciden.",
  action: "Acción",
  actionHint: "Una acción entera, o su final: runs/write.",
  ask: "Comprobar",
  refused: "rechazado",
  may: (who: string, action: string, where: string) => `${who} puede hacer ${action} en ${where}`,
  mayNot: (who: string, action: string, where: string) => `${who} no puede hacer ${action} en ${where}`,
} satisfies Strings<typeof en>;
