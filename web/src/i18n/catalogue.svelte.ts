import { recall, remember } from "@/app/storage";

export const LANGUAGES = { en: "English", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;

/** The strings of another language: the same keys, and functions with the same arguments. */
export type Strings<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Strings<T[K]>;
};

interface Part {
  /** Fetches the strings; the returned function shows them. */
  load(language: Language): Promise<() => void>;
}
const parts = new Set<Part>();

function firstLanguage(): Language {
  const kept = recall("language");
  if (kept !== null && kept in LANGUAGES) return kept as Language;
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((tag): tag is Language => tag in LANGUAGES) ?? "en";
}

class LocaleState {
  language = $state.raw<Language>(firstLanguage());
  /** For Intl: the language with this person's region, so that dates and counts look as they are used to. */
  readonly tag = $derived(
    navigator.languages.find((tag) => tag.toLowerCase().startsWith(this.language)) ?? this.language,
  );

  /** The last chosen language: the strings of an earlier choice may arrive later. */
  #wanted: Language = this.language;

  constructor() {
    document.documentElement.lang = this.language;
  }

  /** Switches to another language after all its strings are loaded, and stores the choice. */
  async choose(language: Language): Promise<void> {
    this.#wanted = language;
    const shows = new Map<Part, () => void>();
    // A page that loads meanwhile adds further parts.
    for (let missing = [...parts]; missing.length; missing = [...parts].filter((part) => !shows.has(part))) {
      await Promise.all(missing.map(async (part) => shows.set(part, await part.load(language))));
      if (this.#wanted !== language) return;
    }
    for (const show of shows.values()) show();
    this.language = language;
    remember("language", language);
    document.documentElement.lang = language;
  }
}

export const locale = new LocaleState();

/** The words of one part of the UI: `t` in markup follows the language.  English is the source and comes with the part; each
 *  other language is a chunk of its own. */
export class Catalogue<T extends object> {
  #text = $state.raw() as Strings<T>;
  #ready: Promise<void> = Promise.resolve();
  readonly #english: T;
  readonly #others: Record<Exclude<Language, "en">, () => Promise<{ default: Strings<T> }>>;

  constructor(english: T, others: Record<Exclude<Language, "en">, () => Promise<{ default: Strings<T> }>>) {
    this.#english = english;
    this.#others = others;
    this.#text = english as unknown as Strings<T>;
    parts.add(this);
    if (locale.language !== "en") this.#ready = this.#begin(locale.language);
  }

  get t(): Strings<T> {
    return this.#text;
  }

  get ready(): Promise<void> {
    return this.#ready;
  }

  async #begin(language: Language): Promise<void> {
    const show = await this.load(language);
    if (language === locale.language) show();
  }

  async load(language: Language): Promise<() => void> {
    const strings =
      language === "en" ? (this.#english as unknown as Strings<T>) : (await this.#others[language]()).default;
    return () => {
      this.#text = strings;
    };
  }
}

/** Settles when the words of each part that is loaded are here in the language that is shown.  A language that cannot be
 *  loaded leaves the English. */
export async function stringsReady(): Promise<void> {
  await Promise.allSettled([...parts].map((part) => (part as Catalogue<object>).ready));
}
