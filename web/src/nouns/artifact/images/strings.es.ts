import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount } from "@/i18n/format";
import type en from "./strings.en";

export default {
  images: "Imágenes",
  none: "Sin imágenes por paso",
  noneHint:
    "Aquí aparecen por paso las imágenes registradas con una clave. Las imágenes registradas como archivos están entre los artefactos.",
  step: "Paso",
  find: "Buscar en Imágenes",
  noneFound: (text) => `Ningún elemento tiene «${text}» en su nombre`,
  imageAt: (key, step) => `${key}, paso ${step}`,
  imageOf: (run, key, step) => `${run}: ${key}, paso ${step}`,
  atStep: (step) => `Paso ${step}`,
  noImageYet: "Ninguna imagen hasta este paso",
  inArtifacts: "Mostrar en los artefactos",
  more: "Mostrar más",
  shown: (shown, all) => `${formatCount(shown)} de ${formatCount(all)}`,
} satisfies Strings<typeof en>;
