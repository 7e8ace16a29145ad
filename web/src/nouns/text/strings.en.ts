import { formatCount, plural } from "@/i18n/format";

export default {
  differences: "Text differences",
  same: "The texts are the same",
  sameLines: "The texts differ only in the characters that end their lines",
  unchanged: (count: number) => `${formatCount(count)} equal ${plural(count) === "one" ? "line" : "lines"}`,
  removed: "removed",
  added: "added",
};
