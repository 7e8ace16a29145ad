import { formatCount } from "@/i18n/format";
import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  rules: "Reglas de retención",
  title: "Papelera",
  hint: "Lo que está en la papelera se puede restaurar. Sigue ocupando espacio hasta que se elimina definitivamente.",
  none: "La papelera está vacía",
  noneHint:
    "Las ejecuciones, los experimentos y las trazas llegan aquí cuando se mueven a la papelera, en la web o con un cliente de MLflow.",
  noneOfKind: "No hay nada de este tipo en la papelera",
  kinds: "Tipos",
  all: "Todo",
  run: "Ejecuciones",
  experiment: "Experimentos",
  logged_model: "Modelos de ejecuciones",
  trace: "Trazas",
  kind: { run: "Ejecución", experiment: "Experimento", logged_model: "Modelo de ejecución", trace: "Traza" },
  choose: (name: string) => `Elegir ${name}`,
  chooseAll: "Elegir todo lo que se muestra",
  chosen: (count: number) => `${formatCount(count)} elegidos`,
  name: "Nombre",
  what: "Tipo",
  id: "ID",
  moved: "Movido aquí",
  restore: "Restaurar",
  restored: (count: number, name: string) =>
    count === 1 ? `Se restauró ${name}` : `Se restauraron ${formatCount(count)} elementos`,
  remove: "Eliminar definitivamente…",
  empty: "Vaciar la papelera…",
  more: "Mostrar más",
} satisfies Strings<typeof en>;
