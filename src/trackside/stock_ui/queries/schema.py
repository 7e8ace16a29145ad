"""The GraphQL schema that MLflow 3.17 serves."""

import functools
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    StringValueNode,
    ValueNode,
    build_schema,
)

from trackside.core.http.codec import INT64_MAX, INT64_MIN

_TYPES = """
directive @component(name: String!) on QUERY | MUTATION

scalar LongString

type Query {
  test(inputString: String): Test
  mlflowGetExperiment(input: MlflowGetExperimentInput): MlflowGetExperimentResponse
  mlflowGetRun(input: MlflowGetRunInput): MlflowGetRunResponse
  mlflowSearchRuns(input: MlflowSearchRunsInput): MlflowSearchRunsResponse
  mlflowListArtifacts(input: MlflowListArtifactsInput): MlflowListArtifactsResponse
  mlflowSearchModelVersions(input: MlflowSearchModelVersionsInput): MlflowSearchModelVersionsResponse
  mlflowGetMetricHistoryBulkInterval(
    input: MlflowGetMetricHistoryBulkIntervalInput
  ): MlflowGetMetricHistoryBulkIntervalResponse
}

type Mutation {
  testMutation(inputString: String): TestMutation
  mlflowSearchRuns(input: MlflowSearchRunsInput): MlflowSearchRunsResponse
  mlflowSearchDatasets(input: MlflowSearchDatasetsInput): MlflowSearchDatasetsResponse
}

type Test { output: String }
type TestMutation { output: String }

input MlflowGetExperimentInput { experimentId: String }
input MlflowGetRunInput { runId: String, runUuid: String }
input MlflowListArtifactsInput { runId: String, runUuid: String, path: String, pageToken: String }
input MlflowSearchDatasetsInput { experimentIds: [String] }
input MlflowSearchRunsInput {
  experimentIds: [String], filter: String, runViewType: MlflowViewType, maxResults: Int, orderBy: [String], pageToken: String
}
input MlflowSearchModelVersionsInput { filter: String, maxResults: LongString, orderBy: [String], pageToken: String }
input MlflowGetMetricHistoryBulkIntervalInput {
  runIds: [String], metricKey: String, startStep: Int, endStep: Int, maxResults: Int
}

type ApiError { code: String, message: String, helpUrl: String, traceId: String, errorDetails: [ErrorDetail] }
type ErrorDetail { field: String, message: String }

type MlflowGetExperimentResponse { experiment: MlflowExperiment, apiError: ApiError }
type MlflowGetRunResponse { run: MlflowRunExtension, apiError: ApiError }
type MlflowSearchRunsResponse { runs: [MlflowRunExtension!], nextPageToken: String, apiError: ApiError }
type MlflowListArtifactsResponse {
  rootUri: String, files: [MlflowFileInfo!], nextPageToken: String, apiError: ApiError
}
type MlflowSearchModelVersionsResponse {
  modelVersions: [MlflowModelVersion!], nextPageToken: String, apiError: ApiError
}
type MlflowSearchDatasetsResponse { datasetSummaries: [MlflowDatasetSummary!], apiError: ApiError }
type MlflowGetMetricHistoryBulkIntervalResponse { metrics: [MlflowMetricWithRunId!], apiError: ApiError }

enum MlflowViewType { ACTIVE_ONLY DELETED_ONLY ALL }
enum MlflowRunStatus { RUNNING SCHEDULED FINISHED FAILED KILLED }
enum MlflowModelVersionStatus { PENDING_REGISTRATION FAILED_REGISTRATION READY }
enum MlflowDeploymentJobConnectionState {
  DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED NOT_SET_UP CONNECTED NOT_FOUND REQUIRED_PARAMETERS_CHANGED
}
enum MlflowModelVersionDeploymentJobStateDeploymentJobRunState {
  DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED NO_VALID_DEPLOYMENT_JOB_FOUND RUNNING SUCCEEDED FAILED PENDING APPROVAL
}

type MlflowExperiment {
  experimentId: String, name: String, artifactLocation: String, lifecycleStage: String, lastUpdateTime: LongString
  creationTime: LongString, tags: [MlflowExperimentTag!], effectiveTraceArchivalRetention: String, workspace: String
}
type MlflowExperimentTag { key: String, value: String }

type MlflowRunExtension {
  info: MlflowRunInfo, data: MlflowRunData, inputs: MlflowRunInputs, outputs: MlflowRunOutputs
  experiment: MlflowExperiment, modelVersions: [MlflowModelVersion!]
}
type MlflowRunInfo {
  runId: String, runUuid: String, runName: String, experimentId: String, userId: String, status: MlflowRunStatus
  startTime: LongString, endTime: LongString, artifactUri: String, lifecycleStage: String
}
type MlflowRunData { metrics: [MlflowMetricExtension!], params: [MlflowParam!], tags: [MlflowRunTag!] }
type MlflowMetricExtension {
  key: String, value: Float, timestamp: LongString, step: LongString
  datasetName: String, datasetDigest: String, modelId: String, runId: String
}
type MlflowMetricWithRunId { key: String, value: Float, timestamp: LongString, step: LongString, runId: String }
type MlflowParam { key: String, value: String }
type MlflowRunTag { key: String, value: String }
type MlflowRunInputs { datasetInputs: [MlflowDatasetInput!], modelInputs: [MlflowModelInput!] }
type MlflowRunOutputs { modelOutputs: [MlflowModelOutput!] }
type MlflowModelInput { modelId: String }
type MlflowModelOutput { modelId: String, step: LongString }
type MlflowDatasetInput { tags: [MlflowInputTag!], dataset: MlflowDataset }
type MlflowInputTag { key: String, value: String }
type MlflowDataset {
  name: String, digest: String, sourceType: String, source: String, schema: String, profile: String
}
type MlflowDatasetSummary { experimentId: String, name: String, digest: String, context: String }
type MlflowFileInfo { path: String, isDir: Boolean, fileSize: LongString }

type MlflowModelVersion {
  name: String, version: String, creationTimestamp: LongString, lastUpdatedTimestamp: LongString, userId: String
  currentStage: String, description: String, source: String, runId: String, status: MlflowModelVersionStatus
  statusMessage: String, tags: [MlflowModelVersionTag!], runLink: String, aliases: [String], modelId: String
  modelParams: [MlflowModelParam!], modelMetrics: [MlflowModelMetric!]
  deploymentJobState: MlflowModelVersionDeploymentJobState
}
type MlflowModelVersionTag { key: String, value: String }
type MlflowModelParam { name: String, value: String }
type MlflowModelMetric {
  key: String, value: Float, timestamp: LongString, step: LongString
  datasetName: String, datasetDigest: String, modelId: String, runId: String
}
type MlflowModelVersionDeploymentJobState {
  jobId: String, runId: String, jobState: MlflowDeploymentJobConnectionState
  runState: MlflowModelVersionDeploymentJobStateDeploymentJobRunState, currentTaskName: String
}
"""


@functools.cache
def schema() -> GraphQLSchema:
    """Return the schema, which is built once."""
    built = build_schema(_TYPES)
    long = built.type_map["LongString"]
    for name, how in (("serialize", str), ("parse_value", _long), ("parse_literal", _long_literal)):
        setattr(long, name, how)
    return built


def _long(given: Any) -> int:
    try:
        value = int(given)
    except (TypeError, ValueError, OverflowError):
        value = INT64_MAX + 1
    if not INT64_MIN <= value <= INT64_MAX:
        raise GraphQLError(f"LongString takes a whole number of 64 bits, not {str(given)[:100]!r}")
    return value


def _long_literal(node: ValueNode, _variables: Any = None) -> int:
    if not isinstance(node, IntValueNode | StringValueNode):
        raise GraphQLError("LongString takes a whole number of 64 bits")
    return _long(node.value)
