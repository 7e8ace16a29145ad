/** So many experiments are shown together: each is asked for its name. */
export const MOST_TOGETHER = 50;
