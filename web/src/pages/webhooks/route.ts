import type { PageRoute } from "@/app/routes";
import { NEEDS } from "@/app/session/actions";

export default {
  paths: ["webhooks"],
  load: () => import("./WebhooksPage.svelte"),
  rail: { name: "webhooks", icon: "hook", order: 50, needs: [NEEDS.readWebhooks] },
} satisfies PageRoute;
