import type { PageRoute } from "@/app/routes";

export default {
  paths: ["retention"],
  load: () => import("./RetentionPage.svelte"),
  section: "trash",
} satisfies PageRoute;
