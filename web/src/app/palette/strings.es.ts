import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  title: "Ir a una página o ejecutar una acción",
  placeholder: "Ejecución, modelo, experimento, página o acción; > solo para acciones",
  sections: { recent: "Recientes", actions: "Acciones", pages: "Páginas", found: "Encontrado" },
  help: "Teclado",
  letters: "Usar teclas de una sola letra",
  everywhere: "En esta página",
  escape: "Cerrar lo que está encima",
  table: "En la tabla",
  tableKeys: [
    "Moverse entre filas",
    "Fila siguiente y anterior",
    "Primera y última columna",
    "Una página arriba y abajo",
    "Seleccionar la fila",
    "Extender la selección",
    "Abrir la fila",
  ],
} satisfies Strings<typeof en>;
