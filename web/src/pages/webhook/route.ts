import type { PageRoute } from "@/app/routes";

export default {
  paths: ["webhooks/:webhook"],
  load: () => import("./WebhookPage.svelte"),
  section: "webhooks",
} satisfies PageRoute;
