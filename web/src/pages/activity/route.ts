import type { PageRoute } from "@/app/routes";

export default {
  paths: ["activity"],
  load: () => import("./ActivityPage.svelte"),
  section: "overview",
} satisfies PageRoute;
