import type { PageRoute } from "@/app/routes";

export default {
  paths: ["compare-runs"], // MLflow's own address: #/compare-runs?runs=["a","b"]&experiments=["1"]
  load: () => import("./ComparePage.svelte"),
  section: "experiments",
} satisfies PageRoute;
