import type { PageRoute } from "@/app/routes";

export default {
  paths: ["access/explain"],
  load: () => import("./ExplainPage.svelte"),
  section: "access",
} satisfies PageRoute;
