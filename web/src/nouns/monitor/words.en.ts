export default {
  past: (count: number) => (count === 1 ? "the window before" : `the ${count} windows before`),
  between: (start: string, end: string) => `${start} to ${end}`,
};
