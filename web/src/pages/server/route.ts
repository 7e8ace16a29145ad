import type { PageRoute } from "@/app/routes";

export default {
  paths: ["overview/server"],
  load: () => import("./ServerPage.svelte"),
  section: "overview",
} satisfies PageRoute;
