import type { PageRoute } from "@/app/routes";

export default {
  paths: ["endpoints/:name"],
  load: () => import("./EndpointPage.svelte"),
  section: "endpoints",
} satisfies PageRoute;
