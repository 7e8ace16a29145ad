import { recall, remember } from "../storage";

/** Whether single letters are keys of actions.  Speech input types letters by accident: WCAG 2.1.4 wants them to be turned off. */
class Letters {
  areOn = $state(recall("letters") !== "off");

  choose(areOn: boolean): void {
    this.areOn = areOn;
    remember("letters", areOn ? null : "off");
  }
}

export const letters = new Letters();
