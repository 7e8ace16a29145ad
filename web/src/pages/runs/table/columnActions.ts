import type { Action } from "@/app/action";
import { DATASETS } from "@/nouns/run/dataset";
import { AGGREGATES, EXPERIMENT, parseField } from "@/nouns/run/field";
import type { RunsState } from "../state.svelte";
import type { Column } from "../view";
import { strings } from "../strings";

/** The menu of a column's header. */
export function columnActions(page: RunsState, { field, isPinned, isTinted, hasCurve }: Column): Action[] {
  const { kind, aggregate } = parseField(field);
  const at = page.columns.findIndex((each) => each.field === field);
  const t = strings.t;
  const isValue = field !== DATASETS && field !== EXPERIMENT;
  return [
    ...(isValue
      ? [
          {
            id: "asc",
            label: t.sortAscending,
            icon: "arrowUp",
            run: () => page.change({ order: [{ field, direction: "asc" }] }),
          } as const,
          {
            id: "desc",
            label: t.sortDescending,
            icon: "arrowDown",
            run: () => page.change({ order: [{ field, direction: "desc" }] }),
          } as const,
        ]
      : []),
    ...(kind === "metric"
      ? AGGREGATES.map((each, index): Action => ({
          id: each,
          label: t.aggregates[each],
          starts: index === 0,
          ...(each === aggregate ? { icon: "check" } : {}),
          run: () => page.chooseAggregate(field, each),
        }))
      : []),
    ...(kind === "param" || kind === "tag"
      ? [
          {
            id: "group",
            label: t.groupByThis,
            icon: "group",
            starts: true,
            run: () => page.change({ groupBy: [field] }),
          } as const,
        ]
      : []),
    {
      id: "pin",
      label: isPinned ? t.unpin : t.pin,
      icon: "pin",
      starts: isValue,
      run: () => page.changeColumn(field, { isPinned: !isPinned }),
    },
    ...(isValue
      ? [
          {
            id: "tint",
            label: isTinted ? t.untint : t.tint,
            icon: "dot",
            run: () => page.changeColumn(field, { isTinted: !isTinted }),
          } as const,
        ]
      : []),
    ...(kind === "metric"
      ? [
          {
            id: "curve",
            label: hasCurve ? t.noCurve : t.curve,
            icon: "chart",
            run: () => page.changeColumn(field, { hasCurve: !hasCurve }),
          } as const,
        ]
      : []),
    {
      id: "left",
      label: t.moveLeft,
      enabled: at > 0,
      run: () => page.moveColumn(field, page.columns[at - 1]?.field ?? null),
    },
    {
      id: "right",
      label: t.moveRight,
      enabled: at < page.columns.length - 1,
      run: () => page.moveColumn(field, page.columns[at + 2]?.field ?? null),
    },
    { id: "hide", label: t.hide, icon: "eyeOff", run: () => page.hideColumn(field) },
  ];
}
