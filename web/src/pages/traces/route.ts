import type { PageRoute } from "@/app/routes";

export default {
  paths: ["experiments/:experiment/traces"],
  load: () => import("./TracesPage.svelte"),
  section: "experiments",
} satisfies PageRoute;
