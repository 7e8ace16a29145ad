import type { PageRoute } from "@/app/routes";
import { NEEDS } from "@/app/session/actions";

export default {
  paths: ["links"],
  load: () => import("./LinksPage.svelte"),
  rail: { name: "links", icon: "link", order: 30, needs: [NEEDS.readLinks] },
} satisfies PageRoute;
