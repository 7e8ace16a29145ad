export default {
  states: {
    healthy: "Healthy",
    transitioning: "In transition",
    unhealthy: "Unhealthy",
    unschedulable: "No room",
    failed: "Failed",
    ready: "Ready",
    starting: "Starting",
    stopping: "Stopping",
  },
  deploy: "Deploy",
  deployTitle: (model: string, version: string) => `Deploy ${model} ${version}`,
  endpoint: "Endpoint",
  endpointHint: "A new name makes an endpoint; with the name of an endpoint, the deployment below gets this version.",
  deployment: "Deployment",
  deploymentHint: "A second deployment of an endpoint gets no traffic until it is given some.",
  environment: "Environment",
  environments: {
    uv: "Build one from the model's requirements (uv)",
    local: "The Python of --model-python",
  },
  replicas: "Replicas",
};
