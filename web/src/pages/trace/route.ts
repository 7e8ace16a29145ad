import type { PageRoute } from "@/app/routes";

export default {
  paths: ["experiments/:experiment/traces/:trace", "traces/:trace"],
  load: () => import("./TracePage.svelte"),
  section: "experiments",
} satisfies PageRoute;
