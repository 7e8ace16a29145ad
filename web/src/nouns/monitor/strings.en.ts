export default {
  past: (count: number) => (count === 1 ? "the window before" : `the ${count} windows before`),
  between: (start: string, end: string) => `${start} to ${end}`,
  ofPast: (count: string) => `${count} windows of the past`,
  ofWeekdays: (count: string) => `${count} windows of the same weekdays`,
  /** By what the server calls them. */
  references: {
    "the baseline": "the baseline",
    "the same weekdays of the baseline": "the same weekdays of the baseline",
  },
  notes: {
    "There are no earlier windows for a comparison yet.": "There are no earlier windows for a comparison yet.",
    "The baseline has no rows of this slice.": "The baseline has no rows of this slice.",
    "The window has no rows.": "The window has no rows.",
    "No magnitude: it needs 50 rows in the baseline and the window, and a column that a classifier can use.":
      "No magnitude: it needs 50 rows in the baseline and the window, and a column that a classifier can use.",
    "No magnitude: it needs the rows of the window. Back-fill the window to compute it.":
      "No magnitude: it needs the rows of the window. Back-fill the window to compute it.",
  },
  smallBaseline: (rows: string, times: string) =>
    `The baseline has ${rows} rows, less than ${times} times those of the window: chance differences of the baseline stay in every window.`,
  variants: {
    "two samples": "two samples",
    plain: "plain",
    "divided by the population sd of the reference (evidently)":
      "divided by the population sd of the reference (evidently)",
    "divided by the sample sd of the reference (azure)": "divided by the sample sd of the reference (azure)",
    "natural logarithm, Sturges bins over both (evidently)": "natural logarithm, Sturges bins over both (evidently)",
    "base 2, equal bins over both (azure)": "base 2, equal bins over both (azure)",
    "base 2, Doane bins of the reference (nannyml)": "base 2, Doane bins of the reference (nannyml)",
    "Sturges bins over both, empty bins filled (evidently)": "Sturges bins over both, empty bins filled (evidently)",
    "equal bins over both, one more value in each (azure)": "equal bins over both, one more value in each (azure)",
    "deciles of the reference, floor 1e-4": "deciles of the reference, floor 1e-4",
    "natural logarithm, Sturges bins over both, empty bins filled (evidently)":
      "natural logarithm, Sturges bins over both, empty bins filled (evidently)",
    "Doane bins of the reference (nannyml)": "Doane bins of the reference (nannyml)",
    "by value": "by value",
    "natural logarithm, by value (evidently)": "natural logarithm, by value (evidently)",
    "base 2, by value (azure, nannyml)": "base 2, by value (azure, nannyml)",
    "by value, empty ones filled (evidently)": "by value, empty ones filled (evidently)",
    "by value, one more of each (azure)": "by value, one more of each (azure)",
    "contingency table, Yates' correction for 2 x 2 (nannyml)":
      "contingency table, Yates' correction for 2 x 2 (nannyml)",
    "contingency table, no correction": "contingency table, no correction",
    "goodness of fit, the reference taken as exact (evidently, azure)":
      "goodness of fit, the reference taken as exact (evidently, azure)",
  },
};
