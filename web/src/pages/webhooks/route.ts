import type { PageRoute } from "@/app/routes";

export default {
  paths: ["webhooks"],
  load: () => import("./WebhooksPage.svelte"),
  rail: { name: "webhooks", icon: "hook", order: 50 },
} satisfies PageRoute;
