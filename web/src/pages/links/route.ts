import type { PageRoute } from "@/app/routes";

export default {
  paths: ["links"],
  load: () => import("./LinksPage.svelte"),
  rail: { name: "links", icon: "link", order: 30 },
} satisfies PageRoute;
