import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  states: {
    healthy: "Sano",
    transitioning: "En transición",
    unhealthy: "Con problemas",
    unschedulable: "Sin sitio",
    failed: "Fallido",
    ready: "Lista",
    starting: "Arrancando",
    stopping: "Parando",
  },
  deploy: "Desplegar",
  deployTitle: (model: string, version: string) => `Desplegar ${model} ${version}`,
  endpoint: "Endpoint",
  endpointHint:
    "Un nombre nuevo crea un endpoint; con el de uno que existe, el despliegue de abajo recibe esta versión.",
  deployment: "Despliegue",
  deploymentHint: "Un segundo despliegue de un endpoint no recibe tráfico hasta que se le asigne.",
  environment: "Entorno",
  environments: {
    auto: "Automático: uv si está instalado, si no --model-python",
    uv: "Crear uno con los requisitos del modelo (uv)",
    local: "El Python de --model-python",
  },
  replicas: "Réplicas",
} satisfies Strings<typeof en>;
