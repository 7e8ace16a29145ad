import type { PageRoute } from "@/app/routes";

export default {
  paths: ["links/:name"],
  load: () => import("./LinkPage.svelte"),
  section: "links",
} satisfies PageRoute;
