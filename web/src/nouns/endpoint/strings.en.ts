export default {
  states: {
    healthy: "Healthy",
    transitioning: "In transition",
    unhealthy: "Unhealthy",
    unschedulable: "Unschedulable",
    failed: "Failed",
    ready: "Ready",
    starting: "Starting",
    stopping: "Stopping",
  },
  deploy: "Deploy",
  deployTitle: (model: string, version: string) => `Deploy ${model} ${version}`,
  endpoint: "Endpoint",
  endpointHint:
    "A new name creates an endpoint. With the name of an existing endpoint, the deployment below gets this version.",
  deployment: "Deployment",
  deploymentHint: "A second deployment of an endpoint gets no traffic until you assign a share.",
  environment: "Environment",
  environments: {
    auto: "Automatic: uv if it is installed, otherwise --model-python",
    uv: "Build one from the model's requirements (uv)",
    local: "The Python of --model-python",
  },
  replicas: "Replicas",
};
