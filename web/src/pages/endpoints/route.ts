import type { PageRoute } from "@/app/routes";
import { NEEDS } from "@/app/session/actions";

export default {
  paths: ["endpoints"],
  load: () => import("./EndpointsPage.svelte"),
  rail: { name: "endpoints", icon: "endpoint", order: 25, needs: [NEEDS.readEndpoints] },
} satisfies PageRoute;
