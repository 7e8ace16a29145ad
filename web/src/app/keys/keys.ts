import type { Action } from "../action";

/** Which action a key press means.  Pure, so that it is tested without a browser. */
export interface Press {
  key: string;
  ctrl: boolean;
  meta: boolean;
  alt: boolean;
  shift: boolean;
}

const PAIR_MS = 1000;

export class Keys {
  #first = "";
  #firstAt = 0;
  readonly #isMac: boolean;

  constructor(isMac: boolean) {
    this.#isMac = isMac;
  }

  /** The action for a press, the innermost if several have its key; null if there is none, or the first of a pair was
   *  pressed.  While the user types, only keys with Ctrl or Command count; without `hasLetters`, single characters do not. */
  read(press: Press, actions: readonly Action[], isTyping: boolean, now: number, hasLetters = true): Action | null {
    const name = this.nameOf(press);
    const enabled = actions.filter((action) => action.key !== undefined && action.enabled !== false);
    const isPlain = !press.ctrl && !press.meta && !press.alt;
    if (isPlain && (isTyping || (!hasLetters && press.key.length === 1))) return null;
    const pair = this.#first && now - this.#firstAt < PAIR_MS ? `${this.#first} ${name}` : "";
    this.#first = "";
    const found = enabled.findLast((each) => each.key === pair) ?? enabled.findLast((each) => each.key === name);
    if (found) return found;
    if (enabled.some((each) => each.key?.startsWith(`${name} `))) {
      this.#first = name;
      this.#firstAt = now;
    }
    return null;
  }

  nameOf({ key, ctrl, meta, alt, shift }: Press): string {
    const mod = this.#isMac ? meta : ctrl;
    const isLetter = /^[a-z]$/i.test(key);
    const shown = isLetter ? (shift ? key.toUpperCase() : key.toLowerCase()) : key;
    const isNamed = key.length > 1 || isLetter;
    return [mod && "Mod", alt && "Alt", shift && isNamed && "Shift", shown].filter(Boolean).join("+");
  }
}

/** Does a key press go into a field? */
export function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type);
}
