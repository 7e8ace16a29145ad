import type { PageRoute } from "@/app/routes";

export default {
  paths: ["drift/:monitor"],
  load: () => import("./MonitorPage.svelte"),
  section: "drift",
} satisfies PageRoute;
