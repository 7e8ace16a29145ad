import { recall, remember } from "../storage";

/** Whether single-letter shortcuts are on.  WCAG 2.1.4 requires a way to turn them off, because speech input types letters by accident. */
class Letters {
  areOn = $state(recall("letters") !== "off");

  choose(areOn: boolean): void {
    this.areOn = areOn;
    remember("letters", areOn ? null : "off");
  }
}

export const letters = new Letters();
