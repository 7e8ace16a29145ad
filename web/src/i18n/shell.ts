import { Catalogue } from "./catalogue.svelte";
import en from "./shell.en";

export const shell = new Catalogue(en, { es: () => import("./shell.es") });
