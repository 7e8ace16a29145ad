import { formatCount } from "@/i18n/format";

export default {
  images: "Images",
  none: "No images by step",
  noneHint:
    "Images that are logged with a key are shown here, by step. Images that are logged as files are among the artifacts.",
  step: "Step",
  find: "Find in Images",
  noneFound: (text: string) => `Nothing has “${text}” in its name`,
  imageAt: (key: string, step: number) => `${key}, step ${step}`,
  imageOf: (run: string, key: string, step: number) => `${run}: ${key}, step ${step}`,
  atStep: (step: number) => `Step ${step}`,
  noImageYet: "No image up to this step",
  inArtifacts: "Show in the artifacts",
  more: "Show more",
  shown: (shown: number, all: number) => `${formatCount(shown)} of ${formatCount(all)}`,
};
