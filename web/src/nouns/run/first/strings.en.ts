export default {
  variables: "Code that logs with MLflow needs no change. Set the address of the server, and start it:",
  try: "To try it, run this in Python:",
  token: "Clients sign in with a token in the variable MLFLOW_TRACKING_TOKEN.",
  makeToken: "Create a token",
  waiting: "The run appears here automatically.",
};
