import { Catalogue } from "@/i18n/catalogue.svelte";
import en from "./strings.en";

export const strings = new Catalogue(en, { es: () => import("./strings.es") });
