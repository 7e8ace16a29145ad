const ARCHIVED = "Archived";

/** The stage that a dialog offers: the one after the current stage.  Undefined after the last one, since a user has to decide
 *  whether a version is archived or demoted. */
export function nextStage(current: string, stages: readonly { name: string }[]): string | undefined {
  const index = stages.findIndex((each) => each.name === current);
  const next = index < 0 ? undefined : stages[index + 1]?.name;
  return next === ARCHIVED ? undefined : next;
}
