import type { PageRoute } from "@/app/routes";
import { NEEDS } from "@/app/session/actions";

export default {
  paths: ["drift"],
  load: () => import("./DriftPage.svelte"),
  rail: { name: "drift", icon: "eye", order: 26, needs: [NEEDS.readMonitors] },
} satisfies PageRoute;
