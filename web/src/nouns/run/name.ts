const VISIBLE = /[^\p{C}\p{Z}\p{M}\u115f\u1160\u3164\uffa0]/u;

/** What a run is called: its id if the name has no letter that anybody sees, or there would be nothing to click.  Pure. */
export function shownName(name: string | null | undefined, id: string): string {
  return name && VISIBLE.test(name) ? name : id;
}

/** Tells runs apart that were made together: an id begins with the time. */
export function shortId(id: string): string {
  return id.slice(-8);
}
