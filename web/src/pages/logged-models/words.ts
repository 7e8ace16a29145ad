import { Catalogue } from "@/i18n/catalogue.svelte";
import en from "./words.en";

export const words = new Catalogue(en, { es: () => import("./words.es") });
