import type { PageRoute } from "@/app/routes";

export default {
  paths: ["endpoints"],
  load: () => import("./EndpointsPage.svelte"),
  rail: { name: "endpoints", icon: "endpoint", order: 25 },
} satisfies PageRoute;
