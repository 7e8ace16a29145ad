const ML = "Microsoft.MachineLearningServices/workspaces";
const AUTHORIZATION = "Microsoft.Authorization";

/** Actions of the server that pages ask `rights` for, by the names that roles use. */
export const NEEDS = {
  readUsers: `${AUTHORIZATION}/users/read`,
  writeUsers: `${AUTHORIZATION}/users/write`,
  deleteUsers: `${AUTHORIZATION}/users/delete`,
  readAssignments: `${AUTHORIZATION}/roleAssignments/read`,
  writeAssignments: `${AUTHORIZATION}/roleAssignments/write`,
  deleteAssignments: `${AUTHORIZATION}/roleAssignments/delete`,
  writeRoles: `${AUTHORIZATION}/roleDefinitions/write`,
  deleteRoles: `${AUTHORIZATION}/roleDefinitions/delete`,
  readAudit: `${AUTHORIZATION}/auditLog/query/action`,
  writeWorkspaces: `${ML}/write`,
  deleteWorkspaces: `${ML}/delete`,
  createExperiments: `${ML}/experiments/create/action`,
  writeExperiments: `${ML}/experiments/write`,
  deleteExperiments: `${ML}/experiments/delete`,
  writeRuns: `${ML}/experiments/runs/write`,
  createModels: `${ML}/models/create/action`,
  writeModels: `${ML}/models/write`,
  deleteModels: `${ML}/models/delete`,
  writeEndpoints: `${ML}/onlineEndpoints/write`,
  readRequests: `${ML}/onlineEndpoints/readRequests/action`,
  deleteEndpoints: `${ML}/onlineEndpoints/delete`,
  writeJobs: `${ML}/jobs/write`,
  writeLinks: `${ML}/links/write`,
  writeWebhooks: `${ML}/webhooks/write`,
  importRuns: `${ML}/sync/write`,
  readLinks: `${ML}/links/read`,
  readWebhooks: `${ML}/webhooks/read`,
} as const;
