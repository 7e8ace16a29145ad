import type { PageRoute } from "@/app/routes";
import { NEEDS } from "@/app/session/actions";

export default {
  paths: ["imports"],
  load: () => import("./ImportsPage.svelte"),
  rail: { name: "imports", icon: "import", order: 60, needs: [NEEDS.readLinks] },
} satisfies PageRoute;
