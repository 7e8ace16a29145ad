import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  states: {
    healthy: "Sano",
    transitioning: "En transición",
    unhealthy: "Con problemas",
    unschedulable: "Sin sitio",
    failed: "Fallido",
    pending: "Sin nodo",
    ready: "Lista",
    starting: "Arrancando",
    stopping: "Parando",
  },
  deploy: "Desplegar",
  deployModel: "Desplegar un modelo",
  deployTo: (name: string) => `Desplegar una versión en ${name}`,
  next: "Siguiente",
  model: "Modelo",
  version: "Versión",
  noModel: (name) => `No existe el modelo ${name}`,
  noVersions: (name) => `${name} todavía no tiene versiones`,
  deployTitle: (model: string, version: string) => `Desplegar ${model} ${version}`,
  endpoint: "Endpoint",
  endpointHint: "Un nombre nuevo crea un endpoint.",
  deployment: "Despliegue",
  deploymentHint: "Un despliegue nuevo de un endpoint no recibe tráfico hasta que se le asigne.",
  firstDeployment: "El primer despliegue de un endpoint recibe todo el tráfico.",
  replaces: (model: string, traffic: number) =>
    `Este despliegue sirve ${model} con el ${traffic} % del tráfico. Cambiará a esta versión.`,
  environment: "Entorno",
  environments: {
    auto: "Automático: uv si está instalado, si no --model-python",
    uv: "Crear uno con los requisitos del modelo (uv)",
    local: "El Python de --model-python",
  },
  replicas: "Réplicas",
} satisfies Strings<typeof en>;
