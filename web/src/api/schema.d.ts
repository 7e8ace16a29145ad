// Made by `make web-types` from the server's OpenAPI document: the calls that src/ names.

export interface paths {
    "/api/2.0/mlflow-artifacts/artifacts/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET mlflow-artifacts artifacts */
        get: operations["get_api_2_0_mlflow_artifacts_artifacts_path_path"];
        /** PUT mlflow-artifacts artifacts */
        put: operations["put_api_2_0_mlflow_artifacts_artifacts_path_path"];
        post?: never;
        /** DELETE mlflow-artifacts artifacts */
        delete: operations["delete_api_2_0_mlflow_artifacts_artifacts_path_path"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/artifacts/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the files and folders in a folder of a run.  Raise Invalid for a path that no key can have. */
        get: operations["get_api_2_0_mlflow_artifacts_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST experiments create */
        post: operations["post_api_2_0_mlflow_experiments_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST experiments delete */
        post: operations["post_api_2_0_mlflow_experiments_delete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/delete-experiment-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST experiments delete-experiment-tag */
        post: operations["post_api_2_0_mlflow_experiments_delete_experiment_tag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET experiments get */
        get: operations["get_api_2_0_mlflow_experiments_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST experiments restore */
        post: operations["post_api_2_0_mlflow_experiments_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET experiments search */
        get: operations["get_api_2_0_mlflow_experiments_search"];
        put?: never;
        /** POST experiments search */
        post: operations["post_api_2_0_mlflow_experiments_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/set-experiment-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST experiments set-experiment-tag */
        post: operations["post_api_2_0_mlflow_experiments_set_experiment_tag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/experiments/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST experiments update */
        post: operations["post_api_2_0_mlflow_experiments_update"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET mlflow logged-models */
        get: operations["get_api_2_0_mlflow_logged_models_model_id"];
        put?: never;
        post?: never;
        /** DELETE mlflow logged-models */
        delete: operations["delete_api_2_0_mlflow_logged_models_model_id"];
        options?: never;
        head?: never;
        /** PATCH mlflow logged-models */
        patch: operations["patch_api_2_0_mlflow_logged_models_model_id"];
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/{model_id}/artifacts/directories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET artifacts directories */
        get: operations["get_api_2_0_mlflow_logged_models_model_id_artifacts_directories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/{model_id}/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** PATCH logged-models tags */
        patch: operations["patch_api_2_0_mlflow_logged_models_model_id_tags"];
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** DELETE logged-models tags */
        delete: operations["delete_api_2_0_mlflow_logged_models_model_id_tags_tag_key_path"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/logged-models/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST logged-models search */
        post: operations["post_api_2_0_mlflow_logged_models_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST model-versions create */
        post: operations["post_api_2_0_mlflow_model_versions_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/delete-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** DELETE model-versions delete-tag */
        delete: operations["delete_api_2_0_mlflow_model_versions_delete_tag"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET model-versions get */
        get: operations["get_api_2_0_mlflow_model_versions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return a page of versions, without aliases, as in MLflow. */
        get: operations["get_api_2_0_mlflow_model_versions_search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/set-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST model-versions set-tag */
        post: operations["post_api_2_0_mlflow_model_versions_set_tag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/transition-stage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST model-versions transition-stage */
        post: operations["post_api_2_0_mlflow_model_versions_transition_stage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/model-versions/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Set the description, or clear it if the call has none. */
        patch: operations["patch_api_2_0_mlflow_model_versions_update"];
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/alias": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET registered-models alias */
        get: operations["get_api_2_0_mlflow_registered_models_alias"];
        put?: never;
        /** POST registered-models alias */
        post: operations["post_api_2_0_mlflow_registered_models_alias"];
        /** DELETE registered-models alias */
        delete: operations["delete_api_2_0_mlflow_registered_models_alias"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST registered-models create */
        post: operations["post_api_2_0_mlflow_registered_models_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/delete-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** DELETE registered-models delete-tag */
        delete: operations["delete_api_2_0_mlflow_registered_models_delete_tag"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET registered-models get */
        get: operations["get_api_2_0_mlflow_registered_models_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/rename": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST registered-models rename */
        post: operations["post_api_2_0_mlflow_registered_models_rename"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET registered-models search */
        get: operations["get_api_2_0_mlflow_registered_models_search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/set-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST registered-models set-tag */
        post: operations["post_api_2_0_mlflow_registered_models_set_tag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/registered-models/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Set the description, or clear it if the call has none. */
        patch: operations["patch_api_2_0_mlflow_registered_models_update"];
        trace?: never;
    };
    "/api/2.0/mlflow/runs/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create runs.  Return one answer or fault per call, in order. */
        post: operations["post_api_2_0_mlflow_runs_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST runs delete */
        post: operations["post_api_2_0_mlflow_runs_delete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/delete-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST runs delete-tag */
        post: operations["post_api_2_0_mlflow_runs_delete_tag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET runs get */
        get: operations["get_api_2_0_mlflow_runs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST runs restore */
        post: operations["post_api_2_0_mlflow_runs_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST runs search */
        post: operations["post_api_2_0_mlflow_runs_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/set-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets a tag. */
        post: operations["post_api_2_0_mlflow_runs_set_tag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/2.0/mlflow/runs/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Update runs.  Return one answer or fault per call, in order; later calls see the values of earlier ones. */
        post: operations["post_api_2_0_mlflow_runs_update"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/datasets/{dataset_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET mlflow datasets */
        get: operations["get_api_3_0_mlflow_datasets_dataset_id"];
        put?: never;
        post?: never;
        /** DELETE mlflow datasets */
        delete: operations["delete_api_3_0_mlflow_datasets_dataset_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/datasets/{dataset_id}/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET datasets records */
        get: operations["get_api_3_0_mlflow_datasets_dataset_id_records"];
        put?: never;
        /** POST datasets records */
        post: operations["post_api_3_0_mlflow_datasets_dataset_id_records"];
        /** DELETE datasets records */
        delete: operations["delete_api_3_0_mlflow_datasets_dataset_id_records"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/datasets/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST datasets create */
        post: operations["post_api_3_0_mlflow_datasets_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/datasets/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET datasets search */
        get: operations["get_api_3_0_mlflow_datasets_search"];
        put?: never;
        /** POST datasets search */
        post: operations["post_api_3_0_mlflow_datasets_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/issues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST mlflow issues */
        post: operations["post_api_3_0_mlflow_issues"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/issues/{issue_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET mlflow issues */
        get: operations["get_api_3_0_mlflow_issues_issue_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** PATCH mlflow issues */
        patch: operations["patch_api_3_0_mlflow_issues_issue_id"];
        trace?: never;
    };
    "/api/3.0/mlflow/issues/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST issues search */
        post: operations["post_api_3_0_mlflow_issues_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/label-schemas/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST label-schemas create */
        post: operations["post_api_3_0_mlflow_label_schemas_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/label-schemas/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** DELETE label-schemas delete */
        delete: operations["delete_api_3_0_mlflow_label_schemas_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/label-schemas/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET label-schemas list */
        get: operations["get_api_3_0_mlflow_label_schemas_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/label-schemas/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** PATCH label-schemas update */
        patch: operations["patch_api_3_0_mlflow_label_schemas_update"];
        trace?: never;
    };
    "/api/3.0/mlflow/review-queues/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST review-queues create */
        post: operations["post_api_3_0_mlflow_review_queues_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/review-queues/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST review-queues delete */
        post: operations["post_api_3_0_mlflow_review_queues_delete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/review-queues/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET review-queues get */
        get: operations["get_api_3_0_mlflow_review_queues_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/review-queues/items/add": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST items add */
        post: operations["post_api_3_0_mlflow_review_queues_items_add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/review-queues/items/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET items list */
        get: operations["get_api_3_0_mlflow_review_queues_items_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/review-queues/items/remove": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST items remove */
        post: operations["post_api_3_0_mlflow_review_queues_items_remove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/review-queues/items/set-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST items set-status */
        post: operations["post_api_3_0_mlflow_review_queues_items_set_status"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/review-queues/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET review-queues list */
        get: operations["get_api_3_0_mlflow_review_queues_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/review-queues/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST review-queues update */
        post: operations["post_api_3_0_mlflow_review_queues_update"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/traces/{trace_id}/assessments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST traces assessments */
        post: operations["post_api_3_0_mlflow_traces_trace_id_assessments"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET traces assessments */
        get: operations["get_api_3_0_mlflow_traces_trace_id_assessments_assessment_id"];
        put?: never;
        post?: never;
        /** DELETE traces assessments */
        delete: operations["delete_api_3_0_mlflow_traces_trace_id_assessments_assessment_id"];
        options?: never;
        head?: never;
        /** PATCH traces assessments */
        patch: operations["patch_api_3_0_mlflow_traces_trace_id_assessments_assessment_id"];
        trace?: never;
    };
    "/api/3.0/mlflow/traces/batchGetInfos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST traces batchGetInfos */
        post: operations["post_api_3_0_mlflow_traces_batchGetInfos"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/traces/delete-traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST traces delete-traces */
        post: operations["post_api_3_0_mlflow_traces_delete_traces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/traces/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET traces get */
        get: operations["get_api_3_0_mlflow_traces_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/traces/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST traces metrics */
        post: operations["post_api_3_0_mlflow_traces_metrics"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/3.0/mlflow/traces/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST traces search */
        post: operations["post_api_3_0_mlflow_traces_search"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/access/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return whether a principal may do something, and why. */
        get: operations["get_api_trackside_v1_access_explain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/alert-rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the alert rules of the workspace with their states. */
        get: operations["get_api_trackside_v1_alert_rules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/alert-rules/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 alert-rules */
        get: operations["get_api_trackside_v1_alert_rules_name"];
        /** Create an alert rule, or change the one of the same name. */
        put: operations["put_api_trackside_v1_alert_rules_name"];
        post?: never;
        /** Remove an alert rule. */
        delete: operations["delete_api_trackside_v1_alert_rules_name"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/artifacts/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the images of a run that were logged with a key and a step. */
        get: operations["get_api_trackside_v1_artifacts_images"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/artifacts/page": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return an HTML file of a run as a sandboxed page, for a frame. */
        get: operations["get_api_trackside_v1_artifacts_page"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/artifacts/zip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return a folder of a run as a zip that is created while it is sent; without a path, all files of the run. */
        get: operations["get_api_trackside_v1_artifacts_zip"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest first. */
        get: operations["get_api_trackside_v1_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return all matching entries, the newest first, as JSON lines, CSV or syslog lines (RFC 5424). */
        get: operations["get_api_trackside_v1_audit_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return whether every entry is unchanged and none is missing. */
        get: operations["get_api_trackside_v1_audit_verify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return changes with their user and time. */
        get: operations["get_api_trackside_v1_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/deletions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Delete files and rows permanently.  A large deletion takes several calls: repeat the call until `is_done`. */
        post: operations["post_api_trackside_v1_deletions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/deletions/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Return what a permanent deletion would free, and the obstacles to it.  Changes nothing. */
        post: operations["post_api_trackside_v1_deletions_preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/deny-assignments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Deny a principal the actions of a role at a scope, overriding all roles. */
        post: operations["post_api_trackside_v1_deny_assignments"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/drift-incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return incidents, open ones first, then the newest. */
        get: operations["get_api_trackside_v1_drift_incidents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/drift-monitors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the monitors of the workspace. */
        get: operations["get_api_trackside_v1_drift_monitors"];
        put?: never;
        /** Create a monitor: a baseline and a target that are compared window by window. */
        post: operations["post_api_trackside_v1_drift_monitors"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/drift-monitors/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return a monitor. */
        get: operations["get_api_trackside_v1_drift_monitors_name"];
        put?: never;
        post?: never;
        /** Delete a monitor with its windows and incidents. */
        delete: operations["delete_api_trackside_v1_drift_monitors_name"];
        options?: never;
        head?: never;
        /** Change a monitor.  A new baseline, rule set or list of columns judges stored windows again, without their rows. */
        patch: operations["patch_api_trackside_v1_drift_monitors_name"];
        trace?: never;
    };
    "/api/trackside/v1/drift-monitors/{name}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a window as one HTML file. */
        get: operations["get_api_trackside_v1_drift_monitors_name_report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/drift-monitors/{name}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Queue a job that computes windows: those that are due and the current one, or a range of times (a back-fill). */
        post: operations["post_api_trackside_v1_drift_monitors_name_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/drift-monitors/{name}/windows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return windows in the order of time, with the scores that rules decide by. */
        get: operations["get_api_trackside_v1_drift_monitors_name_windows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/drift-monitors/{name}/windows/{start}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return a window with each signal of each column. */
        get: operations["get_api_trackside_v1_drift_monitors_name_windows_start"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 endpoints */
        get: operations["get_api_trackside_v1_endpoints"];
        put?: never;
        /** POST v1 endpoints */
        post: operations["post_api_trackside_v1_endpoints"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/endpoints/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 endpoints */
        get: operations["get_api_trackside_v1_endpoints_name"];
        put?: never;
        post?: never;
        /** DELETE v1 endpoints */
        delete: operations["delete_api_trackside_v1_endpoints_name"];
        options?: never;
        head?: never;
        /** PATCH v1 endpoints */
        patch: operations["patch_api_trackside_v1_endpoints_name"];
        trace?: never;
    };
    "/api/trackside/v1/endpoints/{name}/deployments/{deployment}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** PUT endpoints deployments */
        put: operations["put_api_trackside_v1_endpoints_name_deployments_deployment"];
        post?: never;
        /** DELETE endpoints deployments */
        delete: operations["delete_api_trackside_v1_endpoints_name_deployments_deployment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/endpoints/{name}/deployments/{deployment}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET deployments logs */
        get: operations["get_api_trackside_v1_endpoints_name_deployments_deployment_logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/endpoints/{name}/deployments/{deployment}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST deployments rollback */
        post: operations["post_api_trackside_v1_endpoints_name_deployments_deployment_rollback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/endpoints/{name}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET endpoints keys */
        get: operations["get_api_trackside_v1_endpoints_name_keys"];
        put?: never;
        /** POST endpoints keys */
        post: operations["post_api_trackside_v1_endpoints_name_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/endpoints/{name}/request-log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET endpoints request-log */
        get: operations["get_api_trackside_v1_endpoints_name_request_log"];
        /** PUT endpoints request-log */
        put: operations["put_api_trackside_v1_endpoints_name_request_log"];
        post?: never;
        /** DELETE endpoints request-log */
        delete: operations["delete_api_trackside_v1_endpoints_name_request_log"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/endpoints/{name}/request-log/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET request-log rows */
        get: operations["get_api_trackside_v1_endpoints_name_request_log_rows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/endpoints/{name}/traffic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the last `minutes`, including the current one. */
        get: operations["get_api_trackside_v1_endpoints_name_traffic"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/experiments/{experiment_id}/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the saved views of an experiment, and those that show it together with others. */
        get: operations["get_api_trackside_v1_experiments_experiment_id_views"];
        put?: never;
        /** Save a view of an experiment, or of several together. */
        post: operations["post_api_trackside_v1_experiments_experiment_id_views"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/experiments/run-totals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Return the number of runs of experiments, and the last start time. */
        post: operations["post_api_trackside_v1_experiments_run_totals"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/filters/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check a filter or an order without a search.  Return the position of an error, and completions at the caret. */
        post: operations["post_api_trackside_v1_filters_check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 groups */
        get: operations["get_api_trackside_v1_groups"];
        put?: never;
        /** POST v1 groups */
        post: operations["post_api_trackside_v1_groups"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/groups/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 groups */
        get: operations["get_api_trackside_v1_groups_name"];
        put?: never;
        post?: never;
        /** DELETE v1 groups */
        delete: operations["delete_api_trackside_v1_groups_name"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/groups/{name}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST groups members */
        post: operations["post_api_trackside_v1_groups_name_members"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/groups/{name}/members/{member}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** DELETE groups members */
        delete: operations["delete_api_trackside_v1_groups_name_members_member"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List legal holds. */
        get: operations["get_api_trackside_v1_holds"];
        put?: never;
        /** Place a legal hold: the object, its parts and its files cannot be deleted until the hold is removed. */
        post: operations["post_api_trackside_v1_holds"];
        /** Remove the legal hold that was placed on the object. */
        delete: operations["delete_api_trackside_v1_holds"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the imports that this server ran, the newest first. */
        get: operations["get_api_trackside_v1_imports"];
        put?: never;
        /** Start an import from a running MLflow server. */
        post: operations["post_api_trackside_v1_imports"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/imports/{import_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel an import.  The imported data stays. */
        post: operations["post_api_trackside_v1_imports_import_id_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/job-kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the kinds of jobs that can be started, with the JSON schemas of their parameters. */
        get: operations["get_api_trackside_v1_job_kinds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/job-queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the numbers of running and queued jobs, and the limit of the workspace. */
        get: operations["get_api_trackside_v1_job_queue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Set the number of jobs of the workspace that run at once, or pause the queue.  Running jobs continue. */
        patch: operations["patch_api_trackside_v1_job_queue"];
        trace?: never;
    };
    "/api/trackside/v1/job-schedule-times": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the next times at which a schedule would fire.  An invalid cron expression, timezone or interval is an error. */
        get: operations["get_api_trackside_v1_job_schedule_times"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/job-schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the schedules of the workspace. */
        get: operations["get_api_trackside_v1_job_schedules"];
        put?: never;
        /** Create a schedule, which queues jobs by a cron expression or an interval, as the caller. */
        post: operations["post_api_trackside_v1_job_schedules"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/job-schedules/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return a schedule. */
        get: operations["get_api_trackside_v1_job_schedules_name"];
        put?: never;
        post?: never;
        /** Delete a schedule.  Its jobs are kept. */
        delete: operations["delete_api_trackside_v1_job_schedules_name"];
        options?: never;
        head?: never;
        /** Change or pause a schedule.  With new `params`, its jobs act as the caller from then on. */
        patch: operations["patch_api_trackside_v1_job_schedules_name"];
        trace?: never;
    };
    "/api/trackside/v1/job-schedules/{name}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Queue the job of a schedule now, as its user.  If an earlier job of the schedule is queued or running, return that
         * @description job.
         */
        post: operations["post_api_trackside_v1_job_schedules_name_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return jobs of the workspace, the newest first. */
        get: operations["get_api_trackside_v1_jobs"];
        put?: never;
        /** Queue a job. */
        post: operations["post_api_trackside_v1_jobs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return a job with its progress. */
        get: operations["get_api_trackside_v1_jobs_job_id"];
        put?: never;
        post?: never;
        /** Delete an ended job and its log. */
        delete: operations["delete_api_trackside_v1_jobs_job_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a job.  A queued job ends immediately, a running job within some seconds.  No effect on a job that has ended. */
        post: operations["post_api_trackside_v1_jobs_job_id_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/jobs/{job_id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return lines of a job's log after a cursor.  To follow the log, repeat the call with the cursor of the answer. */
        get: operations["get_api_trackside_v1_jobs_job_id_logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/jobs/{job_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Queue a failed or cancelled job again, as its user.  The job continues from its stored progress if the kind supports
         * @description that.
         */
        post: operations["post_api_trackside_v1_jobs_job_id_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 links */
        get: operations["get_api_trackside_v1_links"];
        put?: never;
        /** POST v1 links */
        post: operations["post_api_trackside_v1_links"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/links/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 links */
        get: operations["get_api_trackside_v1_links_name"];
        put?: never;
        post?: never;
        /**
         * End a link.  `copies=keep`, the default, leaves both sides unchanged; `remove` deletes the copies that this link
         * @description created.
         */
        delete: operations["delete_api_trackside_v1_links_name"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/links/{name}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Compare a page of items; `after` is the `next` of the previous page. */
        get: operations["get_api_trackside_v1_links_name_check"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/links/{name}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET links log */
        get: operations["get_api_trackside_v1_links_name_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/links/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** POST links pause */
        post: operations["post_api_trackside_v1_links_name_pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/links/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a paused link, in the name of the user who resumes it.
         * @description Deletions for which it paused are carried out if they are accepted; otherwise they are decided again.
         */
        post: operations["post_api_trackside_v1_links_name_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/links/{name}/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compare everything with the remote, including items in the agreed state. */
        post: operations["post_api_trackside_v1_links_name_sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Wait for changes after a cursor and return them, each entity once. */
        get: operations["get_api_trackside_v1_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin a session: the answer sets its cookie. 429 while guessing is throttled, with the seconds to wait. */
        post: operations["post_api_trackside_v1_login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the session that sent the call, and delete its cookie.  `url` is the page that also ends it at the provider. */
        post: operations["post_api_trackside_v1_logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the caller, with the kind of authentication. */
        get: operations["get_api_trackside_v1_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/me/actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the caller's allowed actions at a scope, so that a page can hide the others. */
        get: operations["get_api_trackside_v1_me_actions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change the caller's own password; it needs the current one, and ends other sessions. */
        post: operations["post_api_trackside_v1_me_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET me sessions */
        get: operations["get_api_trackside_v1_me_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/me/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** DELETE me sessions */
        delete: operations["delete_api_trackside_v1_me_sessions_session_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/me/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET me tokens */
        get: operations["get_api_trackside_v1_me_tokens"];
        put?: never;
        /** Create a token for the caller.  It is shown only once. */
        post: operations["post_api_trackside_v1_me_tokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/model-versions/{name}/{version}/lineage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the run, experiment, data, code and logged model that a version comes from, and its users. */
        get: operations["get_api_trackside_v1_model_versions_name_version_lineage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/model-versions/{name}/{version}/stage-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the requests about a version, the newest first. */
        get: operations["get_api_trackside_v1_model_versions_name_version_stage_requests"];
        put?: never;
        /** Request to move a version to a stage. */
        post: operations["post_api_trackside_v1_model_versions_name_version_stage_requests"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/model-versions/{name}/{version}/stage-requests/{request_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Approve a request and move the version. */
        post: operations["post_api_trackside_v1_model_versions_name_version_stage_requests_request_id_approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/model-versions/{name}/{version}/stage-requests/{request_id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reject a request; the stage of the version does not change. */
        post: operations["post_api_trackside_v1_model_versions_name_version_stage_requests_request_id_reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/orphans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what the last search for orphans found. */
        get: operations["get_api_trackside_v1_orphans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/orphans/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the quarantine. */
        get: operations["get_api_trackside_v1_orphans_quarantine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the content and state of a workspace: runs, jobs, endpoints, links, deliveries, quotas, firing alerts. */
        get: operations["get_api_trackside_v1_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/quotas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Return the quotas that apply in the workspace, with the use of each subject.
         * @description Quotas of the server are returned to callers who may read quotas on the server.
         */
        get: operations["get_api_trackside_v1_quotas"];
        /** Create a quota, or change its limit.  A limit below the usage blocks only new objects. */
        put: operations["put_api_trackside_v1_quotas"];
        post?: never;
        /** Remove a quota. */
        delete: operations["delete_api_trackside_v1_quotas"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/registered-models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create a registered model and its first version in one transaction. */
        post: operations["post_api_trackside_v1_registered_models"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/registered-models/{name}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the changes of a model's name, versions, stages and aliases, the newest first.  Deleted models are included. */
        get: operations["get_api_trackside_v1_registered_models_name_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/registry/stages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the stages of the workspace, in their order. */
        get: operations["get_api_trackside_v1_registry_stages"];
        /** Replace the stages, which must include MLflow's four. */
        put: operations["put_api_trackside_v1_registry_stages"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/retention/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Return the runs that a retention rule matches now, and what their deletion would free.  Changes nothing. */
        post: operations["post_api_trackside_v1_retention_preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/role-assignments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Return assignments and denials of a principal, at a scope and in it, or both.  `inherited`: those that apply at the scope,
         * @description also from wider scopes, without those in it.
         */
        get: operations["get_api_trackside_v1_role_assignments"];
        put?: never;
        /** POST v1 role-assignments */
        post: operations["post_api_trackside_v1_role_assignments"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/role-assignments/{assignment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** DELETE v1 role-assignments */
        delete: operations["delete_api_trackside_v1_role_assignments_assignment_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the roles that the caller may see, with the scopes that the caller knows. */
        get: operations["get_api_trackside_v1_roles"];
        put?: never;
        /** POST v1 roles */
        post: operations["post_api_trackside_v1_roles"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/roles/{role_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 roles */
        get: operations["get_api_trackside_v1_roles_role_id"];
        /** Change a role, for all principals that have it.  Added rights require the right to assign the role there. */
        put: operations["put_api_trackside_v1_roles_role_id"];
        post?: never;
        /** DELETE v1 roles */
        delete: operations["delete_api_trackside_v1_roles_role_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/roles/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check a role without storing it. */
        post: operations["post_api_trackside_v1_roles_check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/runs/{run_id}/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the model versions and logged models of a run that the caller may read. */
        get: operations["get_api_trackside_v1_runs_run_id_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/runs/{run_id}/relations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return a run's ancestors, the number of its children, and its copies on the remotes of links. */
        get: operations["get_api_trackside_v1_runs_run_id_relations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/runs/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set or delete a tag of many runs, delete or restore them, or move them to another experiment.
         * @description Each transaction changes some hundred runs.  `dry_run` only counts the matching runs.
         */
        post: operations["post_api_trackside_v1_runs_bulk"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/runs/columns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Return the params, metrics and tags that runs of the selection have, with the ranges of their values. */
        post: operations["post_api_trackside_v1_runs_columns"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/runs/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Export a table of runs as CSV or JSON Lines. */
        post: operations["post_api_trackside_v1_runs_export"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/runs/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Group runs by params, tags or attributes and aggregate metrics over each group. */
        post: operations["post_api_trackside_v1_runs_groups"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/runs/table": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Return a window of runs with the chosen columns. */
        post: operations["post_api_trackside_v1_runs_table"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/server-overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the counters of the server and of each workspace. */
        get: operations["get_api_trackside_v1_server_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the ways in which users sign in. */
        get: operations["get_api_trackside_v1_sign_in"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/sign-in/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin a sign-in by browser: the answer has the provider's page, and a cookie that binds the sign-in to the browser. */
        post: operations["post_api_trackside_v1_sign_in_provider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/stage-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the requests about all versions that exist, the newest first. */
        get: operations["get_api_trackside_v1_stage_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/storage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the used storage of the workspace, limited to items that the caller may read. */
        get: operations["get_api_trackside_v1_storage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/traces/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET traces sessions */
        get: operations["get_api_trackside_v1_traces_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/trash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List deleted runs, experiments, logged models and traces.  The contents of a deleted experiment are not listed. */
        get: operations["get_api_trackside_v1_trash"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/trash/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Restore a run, an experiment, a logged model or a trace from the trash.  No effect if it is not in the trash. */
        post: operations["post_api_trackside_v1_trash_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return users and service principals, by name. */
        get: operations["get_api_trackside_v1_users"];
        put?: never;
        /** POST v1 users */
        post: operations["post_api_trackside_v1_users"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/users/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 users */
        get: operations["get_api_trackside_v1_users_name"];
        put?: never;
        post?: never;
        /** DELETE v1 users */
        delete: operations["delete_api_trackside_v1_users_name"];
        options?: never;
        head?: never;
        /** Change the given values of a user: password, administrator, state, display name. */
        patch: operations["patch_api_trackside_v1_users_name"];
        trace?: never;
    };
    "/api/trackside/v1/users/{name}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET users sessions */
        get: operations["get_api_trackside_v1_users_name_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/users/{name}/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** DELETE users sessions */
        delete: operations["delete_api_trackside_v1_users_name_sessions_session_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/users/{name}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET users tokens */
        get: operations["get_api_trackside_v1_users_name_tokens"];
        put?: never;
        /** Create a token for another user or a service principal. */
        post: operations["post_api_trackside_v1_users_name_tokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/views/{view_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return a saved view. */
        get: operations["get_api_trackside_v1_views_view_id"];
        put?: never;
        post?: never;
        /** Delete a saved view. */
        delete: operations["delete_api_trackside_v1_views_view_id"];
        options?: never;
        head?: never;
        /** Change a saved view, if it still has the version that the caller saw. */
        patch: operations["patch_api_trackside_v1_views_view_id"];
        trace?: never;
    };
    "/api/trackside/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return webhooks, the newest first, with the numbers of queued and given-up deliveries. */
        get: operations["get_api_trackside_v1_webhooks"];
        put?: never;
        /** Create a webhook for events of the registry, of runs and of experiments. */
        post: operations["post_api_trackside_v1_webhooks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 webhooks */
        get: operations["get_api_trackside_v1_webhooks_webhook_id"];
        put?: never;
        post?: never;
        /** DELETE v1 webhooks */
        delete: operations["delete_api_trackside_v1_webhooks_webhook_id"];
        options?: never;
        head?: never;
        /** Update the values that the call has; an empty secret, authorization or description removes it. */
        patch: operations["patch_api_trackside_v1_webhooks_webhook_id"];
        trace?: never;
    };
    "/api/trackside/v1/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return deliveries with their outcomes, the newest first. */
        get: operations["get_api_trackside_v1_webhooks_webhook_id_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Queue an ended delivery again. */
        post: operations["post_api_trackside_v1_webhooks_webhook_id_deliveries_delivery_id_redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/webhooks/{webhook_id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Queue the deliveries that were given up again, in their old order. */
        post: operations["post_api_trackside_v1_webhooks_webhook_id_redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/webhooks/{webhook_id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send an example of an event once, and return the receiver's answer. */
        post: operations["post_api_trackside_v1_webhooks_webhook_id_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/workspace-deletions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete a workspace, or all workspaces of a resource group, with their contents.  The workspaces disappear immediately,
         * @description their names become free, and their links end; the other sides of links keep their data.  A job removes rows and files.
         */
        post: operations["post_api_trackside_v1_workspace_deletions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/workspace-deletions/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the progress of a deletion of workspaces. */
        get: operations["get_api_trackside_v1_workspace_deletions_job_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/workspace-deletions/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Return what the deletion of a workspace, or of a resource group, would remove.  Changes nothing. */
        post: operations["post_api_trackside_v1_workspace_deletions_preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/workspaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 workspaces */
        get: operations["get_api_trackside_v1_workspaces"];
        put?: never;
        /** POST v1 workspaces */
        post: operations["post_api_trackside_v1_workspaces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trackside/v1/workspaces/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** GET v1 workspaces */
        get: operations["get_api_trackside_v1_workspaces_name"];
        put?: never;
        post?: never;
        /**
         * RESTRICT refuses a workspace with content; CASCADE removes the content; SET_DEFAULT moves it to the default
         * @description workspace.
         */
        delete: operations["delete_api_trackside_v1_workspaces_name"];
        options?: never;
        head?: never;
        /** PATCH v1 workspaces */
        patch: operations["patch_api_trackside_v1_workspaces_name"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** AddLink */
        AddLink: {
            /** @default null */
            backfill?: string | null;
            /** @default null */
            exclude?: string[] | null;
            /** @default null */
            experiments?: string[] | null;
            /** @default null */
            kind?: string | null;
            /** @default null */
            max_deletions?: number | null;
            /** @default null */
            max_deletions_percent?: number | null;
            /** @default null */
            mode?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            password?: string | null;
            /** @default null */
            prefix?: string | null;
            /** @default null */
            rate?: number | null;
            /** @default null */
            registry?: boolean | null;
            /** @default null */
            to: string | null;
            /** @default null */
            token?: string | null;
            /** @default null */
            username?: string | null;
        };
        /** Again */
        Again: {
            deliveries: number;
        };
        /** Alias */
        Alias: {
            alias: string;
            version: string;
        };
        /** Approved */
        Approved: {
            model_version: components["schemas"]["ModelVersion"];
            stage_request: components["schemas"]["StageRequest"];
        };
        /** Ask */
        Ask: {
            /** @default null */
            archive_existing_versions?: boolean | null;
            /** @default null */
            comment?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            stage: string | null;
            /** @default null */
            version?: string | null;
        };
        /** BatchGet */
        BatchGet: {
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            trace_ids: string[] | null;
        };
        /**
         * Begin
         * @description `next` is the page of this server to which the browser returns.
         */
        Begin: {
            /** @default null */
            next?: string | null;
            /** @default null */
            provider?: string | null;
        };
        /**
         * Begun
         * @description `url` is the provider's page, which the browser opens.
         */
        Begun: {
            url: string;
        };
        /** Categorical */
        Categorical: {
            /** @default null */
            multi_select?: boolean | null;
            /** @default null */
            options?: string[] | null;
        };
        /**
         * Changed
         * @description The result.  `refused` lists the first thousand runs that were not changed.  `undo` lists the calls that restore the former
         *     state, in order.
         */
        Changed: {
            changed: number;
            matching: number;
            refused: components["schemas"]["Refused"][];
            refused_total: number;
            unchanged: number;
            undo: components["schemas"]["Undo"][];
        };
        /** ChangePassword */
        ChangePassword: {
            /** @default null */
            current_password: string | null;
            /** @default null */
            password: string | null;
        };
        /**
         * ChangeRuns
         * @description A change of the selected runs.  `experiment_id` is the target of `move`.
         */
        ChangeRuns: {
            /** @default null */
            action?: string | null;
            /** @default null */
            dry_run?: boolean | null;
            /** @default null */
            experiment_id?: string | null;
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filter?: string | null;
            /** @default null */
            key?: string | null;
            /** @default null */
            lifecycle?: string | null;
            /** @default null */
            run_ids?: string[] | null;
            /** @default null */
            value?: string | null;
        };
        /** ChangeUser */
        ChangeUser: {
            /** @default null */
            display_name?: string | null;
            /** @default null */
            is_admin?: boolean | null;
            /** @default null */
            is_disabled?: boolean | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            one_time_password?: boolean | null;
            /** @default null */
            password?: string | null;
        };
        /**
         * Checked
         * @description The result.  `allowed` are the actions of this server that the role allows; `unknown` are patterns that match none of
         *     them, which the server stores and ignores.
         */
        Checked: {
            /** @default [] */
            allowed?: string[];
            /** @default [] */
            problems?: components["schemas"]["trackside.access.drafts.Problem"][];
            /** @default [] */
            unknown?: string[];
        };
        /** CheckedFilter */
        CheckedFilter: {
            completions: components["schemas"]["Completions"] | null;
            error: components["schemas"]["trackside.runs.table.check.Problem"] | null;
            ok: boolean;
        };
        /**
         * CheckFilter
         * @description A filter or an order to check.  `cursor` is the position of the caret in UTF-16 units; without it there are no
         *     completions.
         */
        CheckFilter: {
            /** @default null */
            cursor?: number | null;
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filter?: string | null;
            /** @default null */
            of?: string | null;
            /** @default null */
            order_by?: string | null;
        };
        /**
         * Code
         * @description The executed code, as reported by the client of the run.
         */
        Code: {
            git_branch?: string;
            git_commit?: string;
            git_repository?: string;
            name?: string;
            notebook_path?: string;
            notebook_revision?: string;
            project_entry_point?: string;
            type?: string;
        };
        /**
         * Column
         * @description A column.  `field` is its name in other calls; null if the key cannot be written there.  `runs` is the number of runs in
         *     the sample that have a value.
         */
        Column: {
            field: string | null;
            key: string;
            kind: string;
            /** @default null */
            max?: number | null;
            /** @default null */
            min?: number | null;
            numeric: number;
            /** @default null */
            p5?: number | null;
            /** @default null */
            p95?: number | null;
            runs: number;
            /** @default [] */
            values?: string[];
            varies: boolean;
        };
        /**
         * Columns
         * @description Values are those of the first `sampled` matching runs, newest first; the list of keys is complete.
         */
        Columns: {
            columns: components["schemas"]["Column"][];
            more: boolean;
            sampled: number;
        };
        /**
         * Completions
         * @description An item replaces the text from `offset` over `length`.
         */
        Completions: {
            items: components["schemas"]["trackside.runs.table.check.Item"][];
            kind: string;
            length: number;
            offset: number;
        };
        /**
         * Copy
         * @description The copy of a run on a link's remote.  `is_waiting`: the run waits to be synced.
         */
        Copy: {
            is_waiting: boolean;
            kind: components["schemas"]["trackside.links.model.Kind"];
            link: string;
            made_by: components["schemas"]["CreatedBy"];
            mode: components["schemas"]["Mode"];
            remote_id: string;
            state: components["schemas"]["State"];
            synced_at: number;
        };
        /**
         * Counted
         * @description Items of one kind.
         */
        Counted: {
            changed: number;
            failed: number;
            kind: string;
            new: number;
            same: number;
        };
        /**
         * Counters
         * @description Counters of the answering server process since its start: requests that it logged, left out by sampling, dropped because
         *     the queue or the disk was full, and could not read as rows.
         */
        Counters: {
            /** @default 0 */
            dropped?: number;
            /** @default 0 */
            logged?: number;
            /** @default 0 */
            sampled_out?: number;
            /** @default 0 */
            unreadable?: number;
        };
        /** CountRuns */
        CountRuns: {
            /** @default null */
            experiment_ids: string[] | null;
        };
        /**
         * CreatedBy
         * @description The side that created an item.
         * @enum {unknown}
         */
        CreatedBy: "here" | "them" | "us";
        /**
         * CreateEndpoint
         * @description `model_uri` and the fields after it describe a first deployment, which gets all of the traffic.
         *
         *     `properties` are immutable; `tags` can be changed.
         */
        CreateEndpoint: {
            /** @default null */
            auth_mode?: string | null;
            /** @default null */
            deployment?: string | null;
            /** @default null */
            description?: string | null;
            /** @default null */
            model_uri?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            properties?: {
                [key: string]: string;
            } | null;
            /** @default null */
            spec?: Record<string, unknown> | null;
            /** @default null */
            tags?: {
                [key: string]: string;
            } | null;
        };
        /** CreateExperiment */
        CreateExperiment: {
            /** @default null */
            artifact_location?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            tags?: components["schemas"]["trackside.experiments.model.GivenTag"][] | null;
        };
        /** CreateJob */
        CreateJob: {
            /** @default null */
            kind: string | null;
            /** @default null */
            params?: Record<string, unknown> | null;
            /** @default null */
            priority?: number | null;
            /** @default null */
            timeout_s?: number | null;
            /** @default null */
            title?: string | null;
        };
        /**
         * CreateMonitor
         * @description `target` and `baseline` are objects as described in the guide on drift.  `is_scheduled` false: windows are computed only on
         *     request.
         */
        CreateMonitor: {
            /** @default null */
            attribution?: boolean | null;
            /** @default null */
            baseline: Record<string, unknown> | null;
            /** @default null */
            columns?: string[] | null;
            /** @default null */
            is_scheduled?: boolean | null;
            /** @default null */
            label?: string | null;
            /** @default null */
            label_days?: number | null;
            /** @default null */
            latency_s?: number | null;
            /** @default null */
            magnitude?: boolean | null;
            /** @default null */
            name: string | null;
            /** @default null */
            prediction?: string | null;
            /** @default null */
            rules?: string | null;
            /** @default null */
            score?: string | null;
            /** @default null */
            slices?: string[] | null;
            /** @default null */
            target: Record<string, unknown> | null;
            /** @default null */
            task?: string | null;
            /** @default null */
            timezone?: string | null;
            /** @default null */
            window?: string | null;
        };
        /**
         * CreateOurs
         * @description A webhook to create.  `events` are names such as `run.finished`.  `username` and `password`, or the header's value
         *     `authorization`, authenticate the server at the receiver.
         *
         *     `format` is mlflow (the default), cloudevents, cloudevents-binary, eventgrid, slack, teams or mail; for mail, the url is
         *     `mailto:` with addresses.  `digest_s` collects the events of this time into one message; `mute` delays them.
         */
        CreateOurs: {
            /** @default null */
            authorization?: string | null;
            /** @default null */
            description?: string | null;
            /** @default null */
            digest_s?: number | null;
            /** @default null */
            events?: string[] | null;
            /** @default null */
            format?: string | null;
            /** @default null */
            mute?: components["schemas"]["MutePart"] | null;
            /** @default null */
            name: string | null;
            /** @default null */
            password?: string | null;
            /** @default null */
            secret?: string | null;
            /** @default null */
            status?: string | null;
            /** @default null */
            url: string | null;
            /** @default null */
            username?: string | null;
        };
        /** CreateRun */
        CreateRun: {
            /** @default null */
            experiment_id?: string | null;
            /** @default null */
            run_name?: string | null;
            /** @default null */
            start_time?: number | null;
            /** @default null */
            tags?: components["schemas"]["trackside.runs.model.GivenTag"][] | null;
            /** @default null */
            user_id?: string | null;
        };
        /**
         * CreateSchedule
         * @description `cron` has five fields, evaluated in `timezone` (default UTC); `interval_s` is a fixed interval instead.
         */
        CreateSchedule: {
            /** @default null */
            cron?: string | null;
            /** @default null */
            interval_s?: number | null;
            /** @default null */
            kind: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            params?: Record<string, unknown> | null;
            /** @default null */
            priority?: number | null;
            /** @default null */
            timezone?: string | null;
        };
        /** CreateVersion */
        CreateVersion: {
            /** @default null */
            description?: string | null;
            /** @default null */
            model_id?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            run_id?: string | null;
            /** @default null */
            run_link?: string | null;
            /** @default null */
            source: string | null;
            /** @default null */
            tags?: components["schemas"]["trackside.registry.model.GivenTag"][] | null;
        };
        /**
         * CreateView
         * @description `experiment_ids`: all experiments that the view shows together; absent for a view of one experiment.
         */
        CreateView: {
            /** @default null */
            experiment_id?: string | null;
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            is_default?: boolean | null;
            /** @default null */
            name: string | null;
            /** @default null */
            state?: Record<string, unknown> | null;
        };
        /** Dataset */
        Dataset: {
            digest: string;
            name: string;
            profile?: string;
            schema?: string;
            source: string;
            source_type: string;
        };
        /**
         * DatasetCell
         * @description `context` is the value of MLflow's tag, such as `train`; null if the run has none.
         */
        DatasetCell: {
            context: string | null;
            digest: string;
            name: string;
        };
        /** DatasetInput */
        DatasetInput: {
            dataset: components["schemas"]["Dataset"];
            /** @default [] */
            tags?: components["schemas"]["KeyValue"][];
        };
        /** Decide */
        Decide: {
            /** @default null */
            comment?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            request_id?: string | null;
            /** @default null */
            version?: string | null;
        };
        /** DeleteTraces */
        DeleteTraces: {
            /** @default null */
            experiment_id: string | null;
            /** @default null */
            max_timestamp_millis?: number | null;
            /** @default null */
            max_traces?: number | null;
            /** @default null */
            request_ids?: string[] | null;
        };
        /**
         * DeletionResult
         * @description The freed data over all portions.  If `is_done` is false, repeat the call for the next portion.
         */
        DeletionResult: {
            file_bytes: number;
            file_count: number;
            is_done: boolean;
            kind: string;
            /** @default [] */
            pending?: string[];
            row_bytes: number;
            row_count: number;
            title: string;
        };
        /**
         * Delivery
         * @description A delivery.  `number` increases; `change` is the number of its change in the change log.
         */
        Delivery: {
            attempts: number;
            change: number;
            created_at: number;
            delivery_id: string;
            ended_at?: number;
            event: string;
            last_error?: string;
            last_status?: number;
            next_attempt_at?: number;
            number: number;
            state: string;
        };
        /**
         * Difference
         * @description The difference of an item.  An id is empty if that side lacks the item.
         */
        Difference: {
            entity: components["schemas"]["Entity"];
            local_id: string;
            remote_id: string;
            what: string[];
        };
        /** Disk */
        Disk: {
            free_bytes: number;
            name: string;
            size_bytes: number;
        };
        /**
         * EndedWorkspace
         * @description `finished_at` (ms) is absent while the job removes rows and files.
         */
        EndedWorkspace: {
            file_bytes: number;
            file_count: number;
            finished_at?: number;
            name: string;
            row_count: number;
        };
        /**
         * EndpointLoad
         * @description The load of the last hour; `p95_ms` is absent without requests.
         */
        EndpointLoad: {
            deployments: number;
            errors: number;
            healthy: number;
            name: string;
            p95_ms?: number;
            requests: number;
        };
        /**
         * Endpoints
         * @description Endpoints by name.  `next_page_token` is set if more follow.
         */
        Endpoints: {
            endpoints: components["schemas"]["ShownEndpoint"][];
            next_page_token?: string;
        };
        /**
         * Entity
         * @description A kind of item, with its name in the change log.
         * @enum {unknown}
         */
        Entity: "evaluation_dataset" | "experiment" | "logged_model" | "model_version" | "registered_model" | "run" | "trace";
        /** EvaluationDataset */
        EvaluationDataset: {
            /** @default null */
            created_by?: string | null;
            created_time: number;
            dataset_id: string;
            digest: string;
            /** @default [] */
            experiment_ids?: string[];
            last_update_time: number;
            /** @default null */
            last_updated_by?: string | null;
            name: string;
            /** @default null */
            profile?: string | null;
            /** @default null */
            schema?: string | null;
            tags: string;
        };
        /**
         * Event
         * @description A change.  `before` and `after` are names, stages or version numbers, depending on `kind`; absent if there was or is none.
         *
         *     `user` is the name that the caller claimed (header X-Trackside-User), unverified; empty if they gave none.
         */
        Event: {
            after?: string;
            alias?: string;
            before?: string;
            comment?: string;
            id: string;
            kind: string;
            name: string;
            request_id?: string;
            time: number;
            user: string;
            version?: string;
        };
        /** ExperimentPlace */
        ExperimentPlace: {
            /** @default  */
            experiment_id?: string;
        };
        /**
         * Explained
         * @description `because` names the deciding assignments: denials if there are any, otherwise those that allow it.
         */
        Explained: {
            action: string;
            /** @default [] */
            because?: string[];
            is_allowed: boolean;
            principal: string;
            scope: string;
        };
        /**
         * ExportRuns
         * @description `columns` are written after the attributes of each run.
         */
        ExportRuns: {
            /** @default null */
            columns?: string[] | null;
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filter?: string | null;
            /** @default null */
            format?: string | null;
            /** @default null */
            lifecycle?: string | null;
            /** @default null */
            order_by?: string[] | null;
            /** @default null */
            run_ids?: string[] | null;
        };
        Fault: {
            error_code: string;
            message: string;
            /** @description The reason as data, for frequent errors */
            reason?: {
                /** @enum {unknown} */
                key: "taken" | "missing" | "bad-name" | "too-long" | "admins-only" | "last-admin" | "not-retryable" | "still-live" | "changed-meanwhile" | "assigned" | "imports-running" | "import-ended" | "stage-asked" | "stage-decided" | "stage-own-request" | "stage-needs-approval" | "stage-keeps-others" | "in-use" | "preview-outdated" | "deletion-begun" | "protected" | "rule-too-wide" | "on-hold" | "default" | "protected-inside" | "has-traffic" | "aliased" | "has-versions" | "kept-in-step" | "not-ended" | "held-already" | "output-exists" | "link-ending" | "throttled" | "folder-too-large" | "experiment-deleted" | "trace-came-again" | "filter-syntax" | "filter-field" | "filter-function" | "filter-operator" | "filter-null-test" | "filter-not-number" | "filter-not-quoted" | "filter-list" | "cron" | "cron-never" | "timezone" | "job-cancelled" | "job-cancelled-queued" | "job-timed-out" | "job-server-stopped" | "job-server-ended" | "job-taken-over" | "job-killed" | "job-exit-code" | "job-process" | "job-server-fault" | "job-kind-unknown" | "environment-failed";
                values: {
                    [key: string]: string;
                };
            };
        };
        /** FileInfo */
        FileInfo: {
            /** @default null */
            file_size?: number | null;
            is_dir: boolean;
            path: string;
        };
        /** FinalizeModel */
        FinalizeModel: {
            /** @default  */
            model_id?: string;
            /** @default null */
            status: string | number | null;
        };
        /**
         * FoundImages
         * @description A page of images.  Its last key can continue on the next page.
         */
        FoundImages: {
            /** @default null */
            next_page_token?: string | null;
            series: components["schemas"]["ImageSeries"][];
        };
        /** FoundLog */
        FoundLog: {
            /** @default [] */
            entries?: components["schemas"]["LogEntry"][];
        };
        /** FoundModels */
        FoundModels: {
            /** @default null */
            next_page_token?: string | null;
            /** @default [] */
            registered_models?: components["schemas"]["RegisteredModel"][];
        };
        /** FoundVersions */
        FoundVersions: {
            /** @default [] */
            model_versions?: components["schemas"]["ModelVersion"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** GetExperiment */
        GetExperiment: {
            /** @default null */
            experiment_id: string | null;
        };
        /**
         * Given
         * @description A param or a tag, as clients send it.
         */
        Given: {
            /** @default null */
            key?: string | null;
            /** @default null */
            value?: string | null;
        };
        /** GivenOrder */
        GivenOrder: {
            /** @default null */
            ascending?: boolean | null;
            /** @default null */
            dataset_digest?: string | null;
            /** @default null */
            dataset_name?: string | null;
            /** @default null */
            field_name?: string | null;
        };
        /** GivenStage */
        GivenStage: {
            /** @default null */
            name?: string | null;
            /** @default null */
            needs_approval?: boolean | null;
        };
        /** GotAssignment */
        GotAssignment: {
            assignment: components["schemas"]["ShownAssignment"];
        };
        /** GotEndpoint */
        GotEndpoint: {
            endpoint: components["schemas"]["ShownEndpoint"];
        };
        /** GotGroup */
        GotGroup: {
            group: components["schemas"]["ShownGroup"];
        };
        /** GotHold */
        GotHold: {
            hold: components["schemas"]["ShownHold"];
        };
        /** GotImport */
        GotImport: {
            import: components["schemas"]["ShownImport"];
        };
        /**
         * GotJob
         * @description `may_retry`: the caller may queue the job again, if the caller has the right to write jobs.
         */
        GotJob: {
            job: components["schemas"]["ShownJob"];
            /** @default true */
            may_retry?: boolean;
        };
        /** GotLink */
        GotLink: {
            link: components["schemas"]["Shown"];
        };
        /** GotMonitor */
        GotMonitor: {
            monitor: components["schemas"]["ShownMonitor"];
        };
        /** GotQueue */
        GotQueue: {
            queue: components["schemas"]["ShownQueue"];
        };
        /** GotQuota */
        GotQuota: {
            quota: components["schemas"]["ShownQuota"];
        };
        /** GotRequest */
        GotRequest: {
            stage_request: components["schemas"]["StageRequest"];
        };
        /** GotRequestLog */
        GotRequestLog: {
            request_log: components["schemas"]["ShownRequestLog"];
        };
        /**
         * GotResult
         * @description `result` has each signal of each column with its variant.
         */
        GotResult: {
            result: unknown;
            window: components["schemas"]["ShownWindow"];
        };
        /** GotRule */
        GotRule: {
            rule: components["schemas"]["ShownRule"];
        };
        /** GotRun */
        GotRun: {
            run: components["schemas"]["Run"];
        };
        /** GotSchedule */
        GotSchedule: {
            schedule: components["schemas"]["ShownSchedule"];
        };
        /** GotTraffic */
        GotTraffic: {
            points: components["schemas"]["trackside.endpoints.traffic_routes.Point"][];
            since: number;
            step_s: number;
            until: number;
        };
        /** GotVersion */
        GotVersion: {
            model_version: components["schemas"]["ModelVersion"];
        };
        /** GotView */
        GotView: {
            view: components["schemas"]["View"];
        };
        /** GroupRuns */
        GroupRuns: {
            /** @default null */
            by?: string[] | null;
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filter?: string | null;
            /** @default null */
            lifecycle?: string | null;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            metrics?: string[] | null;
            /** @default null */
            offset?: number | null;
            /** @default null */
            order_by?: string | null;
            /** @default null */
            run_ids?: string[] | null;
        };
        /** Groups */
        Groups: {
            groups: components["schemas"]["RunGroup"][];
            groups_total: number;
            matching: number;
            offset: number;
        };
        /**
         * HeldDeletion
         * @description An item that the link would delete.  `id`: the local id, or the remote id if the local item is to be deleted.
         */
        HeldDeletion: {
            entity: components["schemas"]["Entity"];
            id: string;
            items: number;
            name: string;
            side: components["schemas"]["Side"];
        };
        /**
         * HeldDeletions
         * @description The deletions that a link holds: `items` in all, of which the first are listed.
         */
        HeldDeletions: {
            items: number;
            listed: components["schemas"]["HeldDeletion"][];
        };
        /**
         * Holds
         * @description Legal holds, the earliest first.
         */
        Holds: {
            /** @default [] */
            holds?: components["schemas"]["ShownHold"][];
        };
        /**
         * Image
         * @description `compressed` is a smaller version of the image, if there is one.
         */
        Image: {
            /** @default null */
            compressed?: string | null;
            path: string;
            step: number;
            timestamp: number;
        };
        /** ImageSeries */
        ImageSeries: {
            images: components["schemas"]["Image"][];
            key: string;
        };
        /** Incidents */
        Incidents: {
            /** @default [] */
            incidents?: components["schemas"]["ShownIncident"][];
        };
        /**
         * Input
         * @description The kind of answer: exactly one of the fields.
         */
        Input: {
            /** @default null */
            categorical?: components["schemas"]["Categorical"] | null;
            /** @default null */
            numeric?: components["schemas"]["Numeric"] | null;
            /** @default null */
            pass_fail?: components["schemas"]["PassFail"] | null;
            /** @default null */
            text?: components["schemas"]["Text"] | null;
        };
        /** Issue */
        Issue: {
            /** @default [] */
            categories?: string[];
            /** @default null */
            created_by?: string | null;
            created_timestamp: number;
            description: string;
            experiment_id: string;
            issue_id: string;
            last_updated_timestamp: number;
            name: string;
            /** @default [] */
            root_causes?: string[];
            /** @default null */
            severity?: string | null;
            /** @default null */
            source_run_id?: string | null;
            status: string;
            /** @default null */
            trace_count?: number | null;
        };
        /** JobKinds */
        JobKinds: {
            /** @default [] */
            kinds?: components["schemas"]["ShownKind"][];
        };
        /** KeyValue */
        KeyValue: {
            key: string;
            value: string;
        };
        /** LabelSchema */
        LabelSchema: {
            created_at: number;
            /** @default null */
            created_by?: string | null;
            enable_comment: boolean;
            experiment_id: string;
            input: unknown;
            /** @default null */
            instruction?: string | null;
            is_default: boolean;
            last_updated_at: number;
            name: string;
            schema_id: string;
            type: string;
        };
        /** LeftOut */
        LeftOut: {
            reason: string;
            what: string;
        };
        /**
         * Lineage
         * @description The lineage of a version.  A field is absent if it is unknown or hidden: the files may come from outside of this
         *     workspace.
         */
        Lineage: {
            /** @default [] */
            copied_from?: components["schemas"]["Origin"][];
            /** @default [] */
            dataset_inputs?: components["schemas"]["DatasetInput"][];
            experiment?: components["schemas"]["trackside.registry.lineage.Experiment"];
            logged_model?: components["schemas"]["trackside.registry.lineage.LoggedModel"];
            model_version: components["schemas"]["ModelVersion"];
            run?: components["schemas"]["RunInfo"];
            source_code?: components["schemas"]["Code"];
            /** @default [] */
            used_by?: components["schemas"]["User"][];
        };
        /** LinkLag */
        LinkLag: {
            failed: number;
            lag_s: number;
            name: string;
            state: string;
            waiting: number;
        };
        /** ListColumns */
        ListColumns: {
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filter?: string | null;
            /** @default null */
            kinds?: string[] | null;
            /** @default null */
            lifecycle?: string | null;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            run_ids?: string[] | null;
            /** @default null */
            search?: string | null;
        };
        /** ListedAssignments */
        ListedAssignments: {
            /** @default [] */
            assignments?: components["schemas"]["ShownAssignment"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /**
         * ListedChanges
         * @description `next_after` is the cursor for the next call, which continues without gaps and duplicates.
         */
        ListedChanges: {
            /** @default [] */
            changes?: components["schemas"]["LoggedChange"][];
            /** @default false */
            more?: boolean;
            next_after?: number;
        };
        /** ListedDeliveries */
        ListedDeliveries: {
            /** @default [] */
            deliveries?: components["schemas"]["Delivery"][];
            /** @default false */
            more?: boolean;
        };
        /** ListedGroups */
        ListedGroups: {
            /** @default [] */
            groups?: components["schemas"]["ShownGroup"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** ListedImports */
        ListedImports: {
            /** @default [] */
            imports?: components["schemas"]["ShownImport"][];
        };
        /** ListedRoles */
        ListedRoles: {
            /** @default [] */
            roles?: components["schemas"]["trackside.access.routes.ShownRole"][];
        };
        /** ListedSessions */
        ListedSessions: {
            /** @default [] */
            sessions?: components["schemas"]["ShownSession"][];
        };
        /** ListedTokens */
        ListedTokens: {
            /** @default [] */
            tokens?: components["schemas"]["ShownToken"][];
        };
        /**
         * LiveChange
         * @description The changes of one entity since the cursor.
         */
        LiveChange: {
            actions: string[];
            changed_at: number;
            entity: string;
            entity_id: string;
            experiment_id: string | null;
        };
        /**
         * LiveChanges
         * @description `reset`: the cursor is of another log or too old, so the page must be read again.
         */
        LiveChanges: {
            changes: components["schemas"]["LiveChange"][];
            cursor: number;
            reset: boolean;
        };
        /** Location */
        Location: {
            /** @default null */
            inference_table?: unknown;
            /** @default null */
            mlflow_experiment?: components["schemas"]["ExperimentPlace"] | null;
            /** @default null */
            type?: string | null;
            /** @default null */
            uc_schema?: unknown;
            /** @default null */
            uc_table_prefix?: unknown;
        };
        /** LogEntry */
        LogEntry: {
            entity: string;
            entity_id: string;
            kind: components["schemas"]["LogKind"];
            log_id: number;
            message: string;
            time: number;
        };
        /**
         * LoggedChange
         * @description `user` is the unverified name that the caller sent; absent if the caller sent none.
         *
         *     `name` is the current name of the object, if it has one and the caller may read it.  Only present if the call has `names`.
         */
        LoggedChange: {
            action: string;
            detail?: unknown;
            entity: string;
            entity_id: string;
            name?: string;
            seq: number;
            time: number;
            user?: string;
        };
        /**
         * LoggedDay
         * @description The files of one day (UTC), such as 2026-01-31, on the answering server.
         */
        LoggedDay: {
            day: string;
            files: number;
            size_bytes: number;
        };
        /**
         * LoggedOut
         * @description `url` is the page that also ends the session at the identity provider; a browser opens it.
         */
        LoggedOut: {
            /** @default null */
            url?: string | null;
        };
        /** Login */
        Login: {
            /** @default null */
            password: string | null;
            /** @default null */
            username: string | null;
        };
        /**
         * LogKind
         * @description The kind of an entry in the link's log.
         * @enum {unknown}
         */
        LogKind: "conflict" | "error" | "refused" | "skipped" | "state";
        /**
         * MadeToken
         * @description `secret` is the token itself, which is shown only once.
         */
        MadeToken: {
            secret: string;
            token: components["schemas"]["ShownToken"];
        };
        /**
         * MatchedRun
         * @description `paths`: the first 20 files that the glob of the rule matches.
         */
        MatchedRun: {
            file_bytes: number;
            obstacles: components["schemas"]["Obstacle"][];
            paths: string[];
            row_bytes: number;
            run_id: string;
        };
        /**
         * MetricOfGroup
         * @description The aggregates of a metric over the runs of a group with finite values; `odd` is the number of runs with other values.
         */
        MetricOfGroup: {
            max: number | null;
            mean: number | null;
            min: number | null;
            odd: number;
            runs: number;
            sd: number | null;
        };
        /**
         * Mode
         * @enum {unknown}
         */
        Mode: "both" | "pull" | "push";
        /** ModelData */
        ModelData: {
            /** @default [] */
            metrics?: components["schemas"]["trackside.logged_models.model.Metric"][];
            /** @default [] */
            params?: components["schemas"]["KeyValue"][];
        };
        /** ModelInfo */
        ModelInfo: {
            artifact_uri: string;
            creation_timestamp_ms: number;
            experiment_id: string;
            last_updated_timestamp_ms: number;
            model_id: string;
            model_type: string;
            name: string;
            source_run_id: string;
            status: string;
            status_message?: string;
            /** @default [] */
            tags?: components["schemas"]["KeyValue"][];
        };
        /** ModelInput */
        ModelInput: {
            model_id: string;
        };
        /** ModelOutput */
        ModelOutput: {
            model_id: string;
            step: number;
        };
        /**
         * ModelVersion
         * @description A version.  Numbers are strings, as in MLflow; a description that was never set is absent, and an empty one is "".
         */
        ModelVersion: {
            /** @default [] */
            aliases?: string[];
            creation_timestamp: number;
            current_stage: string;
            description?: string;
            last_updated_timestamp: number;
            name: string;
            run_id: string;
            run_link: string;
            source: string;
            status: string;
            /** @default [] */
            tags?: components["schemas"]["trackside.registry.model.Tag"][];
            version: string;
        };
        /** Monitors */
        Monitors: {
            /** @default [] */
            monitors?: components["schemas"]["ShownMonitor"][];
        };
        /**
         * MutePart
         * @description `until` is a time in ms; `windows` repeat each week, in `timezone` (default UTC).
         */
        MutePart: {
            /** @default null */
            timezone?: string | null;
            /** @default null */
            until?: number | null;
            /** @default null */
            windows?: components["schemas"]["WindowPart"][] | null;
        };
        /**
         * MyActions
         * @description The allowed actions at a scope; `some` are allowed on some of its objects only.
         */
        MyActions: {
            /** @default [] */
            actions?: string[];
            scope: string;
            /** @default [] */
            some?: string[];
        };
        /**
         * NewAssignment
         * @description `principal` is a user, group or service principal, or `everybody` who signed in; `role` a name or id.
         */
        NewAssignment: {
            /** @default null */
            principal: string | null;
            /** @default null */
            role: string | null;
            /** @default null */
            scope: string | null;
        };
        /** NewGroup */
        NewGroup: {
            /** @default null */
            display_name?: string | null;
            /** @default null */
            name: string | null;
        };
        /**
         * NewToken
         * @description `place` is a workspace, or `workspace/experiment-id`; without it the token has no limit of place.
         */
        NewToken: {
            /** @default null */
            expires_in_days?: number | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            place?: string | null;
            /** @default null */
            scope?: string | null;
            /** @default null */
            token_name: string | null;
        };
        /** Numeric */
        Numeric: {
            /** @default null */
            max_value?: number | null;
            /** @default null */
            min_value?: number | null;
        };
        /**
         * Obstacle
         * @description A reason that prevents the deletion: `held` (a legal hold), `protected`, `registered`, `deployed`, `aliased`, `linked`,
         *     `running` or `default`.
         */
        Obstacle: {
            kind: string;
            message: string;
            /** @default null */
            reason?: components["schemas"]["Reason"] | null;
        };
        /** OfMember */
        OfMember: {
            /** @default null */
            member: string | null;
            /** @default null */
            name?: string | null;
        };
        /** OfQueue */
        OfQueue: {
            /** @default null */
            queue_id: string | null;
        };
        /** OneItem */
        OneItem: {
            item: components["schemas"]["trackside.traces.review_queues.model.Item"];
        };
        /** OneTrace */
        OneTrace: {
            trace: unknown;
        };
        /**
         * Options
         * @description The options chosen when the link was added.
         */
        Options: {
            /** @default all */
            backfill?: string;
            /** @default [] */
            exclude?: string[];
            /** @default [] */
            experiments?: string[];
            /** @default 20 */
            max_deletions?: number;
            /** @default 10 */
            max_deletions_percent?: number;
            /** @default  */
            prefix?: string;
            /** @default 0 */
            rate?: number;
            /** @default false */
            registry?: boolean;
            /** @default 0 */
            since?: number;
        };
        /**
         * Origin
         * @description A version that another was copied from.
         */
        Origin: {
            name: string;
            version: string;
        };
        /**
         * Orphans
         * @description The orphans that the last search found, the largest first.  `searched_at` is absent before the first search.  `total`,
         *     `file_count` and `file_bytes` are totals over all orphans of the side and kind.
         */
        Orphans: {
            /** @default 0 */
            file_bytes?: number;
            /** @default 0 */
            file_count?: number;
            next_page_token?: string;
            /** @default [] */
            orphans?: components["schemas"]["ShownOrphan"][];
            searched_at?: number;
            /** @default 0 */
            total?: number;
        };
        /**
         * OurWebhook
         * @description A webhook.  `pending` and `dead` are numbers of deliveries: queued, and given up.
         */
        OurWebhook: {
            creation_timestamp: number;
            dead: number;
            description: string;
            digest_s: number;
            events: string[];
            format: string;
            has_authorization: boolean;
            has_secret: boolean;
            is_muted: boolean;
            last_updated_timestamp: number;
            mute: components["schemas"]["MutePart"];
            name: string;
            pending: number;
            status: string;
            url: string;
            webhook_id: string;
        };
        /**
         * OurWorkspace
         * @description `id` is the scope by which Azure's clients name it; `workspace_id` is unique and never used again.
         */
        OurWorkspace: {
            creation_time: number;
            default_artifact_root: string | null;
            description: string | null;
            friendly_name: string;
            id: string;
            last_update_time: number;
            location: string;
            name: string;
            resource_group: string;
            subscription_id: string;
            tags: {
                [key: string]: string;
            };
            workspace_id: string;
        };
        /**
         * Part
         * @description Processor seconds since the start, and resident memory, of the server's workers or of the processes that they started.
         */
        Part: {
            cpu_s: number;
            name: string;
            resident_bytes: number;
        };
        /** PassFail */
        PassFail: {
            /** @default null */
            negative_label?: string | null;
            /** @default null */
            positive_label?: string | null;
        };
        /**
         * PlaceHold
         * @description A new hold.  `id` is omitted for the workspace; the hold expires at `ends_at` (ms).
         */
        PlaceHold: {
            /** @default null */
            ends_at?: number | null;
            /** @default null */
            id?: string | null;
            /** @default null */
            kind: string | null;
            /** @default null */
            reason: string | null;
        };
        /** Points */
        Points: {
            /** @default [] */
            data_points?: components["schemas"]["trackside.traces.search.metrics.Point"][];
        };
        /**
         * Preview
         * @description The preview of a deletion.
         *
         *     `counts` are by noun; `file_bytes` are in the artifact store, `row_bytes` the metric points in the database.  `kept` names the
         *     files that stay.  `confirm` is a name that must be typed; absent if none is required.
         */
        Preview: {
            /** @default null */
            confirm?: string | null;
            counts: {
                [key: string]: number;
            };
            file_bytes: number;
            /** @default [] */
            kept?: string[];
            kind: string;
            /** @default [] */
            obstacles?: components["schemas"]["Obstacle"][];
            row_bytes: number;
            title: string;
            token: string;
        };
        /**
         * PutDeployment
         * @description A deployment to create, or the values to change.
         */
        PutDeployment: {
            /** @default null */
            deployment?: string | null;
            /** @default null */
            model_uri?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            spec?: Record<string, unknown> | null;
        };
        /**
         * PutRequestLog
         * @description Switches the request log on, or changes the given settings.
         */
        PutRequestLog: {
            /** @default null */
            keep_days?: number | null;
            /** @default null */
            max_mb?: number | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            sampling?: number | null;
        };
        /**
         * PutRule
         * @description `target` is the type of an event for the measure events, otherwise the name of a link or an endpoint; omitted: all of
         *     them.
         */
        PutRule: {
            /** @default null */
            above?: number | null;
            /** @default null */
            for_s?: number | null;
            /** @default null */
            is_enabled?: boolean | null;
            /** @default null */
            measure: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            severity?: string | null;
            /** @default null */
            target?: string | null;
            /** @default null */
            window_s?: number | null;
        };
        /**
         * Quarantined
         * @description Entries of the quarantine, the earliest first.
         */
        Quarantined: {
            /** @default [] */
            entries?: components["schemas"]["ShownEntry"][];
        };
        /** QueryMetrics */
        QueryMetrics: {
            /** @default null */
            aggregations?: components["schemas"]["WireAggregation"][] | null;
            /** @default null */
            dimensions?: string[] | null;
            /** @default null */
            end_time_ms?: number | null;
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filters?: string[] | null;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            metric_name: string | null;
            /** @default null */
            page_token?: string | null;
            /** @default null */
            start_time_ms?: number | null;
            /** @default null */
            time_interval_seconds?: number | null;
            /** @default null */
            view_type: string | null;
        };
        /**
         * Quotas
         * @description `counted_at` is when a job last counted runs, points and files; since then each change is added.
         */
        Quotas: {
            counted_at?: number;
            /** @default [] */
            quotas?: components["schemas"]["ShownQuota"][];
        };
        /**
         * QuotaUse
         * @description `is_inherited` is true where a subject has its limit from the quota of `*`, each user or experiment.
         */
        QuotaUse: {
            /** @default false */
            is_inherited?: boolean;
            level: string;
            limit: number;
            measure: string;
            scope: string;
            subject: string;
            used: number;
        };
        /**
         * Reason
         * @description The reason of a fault as data, so that the web UI can translate the message.  The message quotes `values`.
         */
        Reason: {
            /** @enum {unknown} */
            key: "admins-only" | "aliased" | "assigned" | "bad-name" | "changed-meanwhile" | "cron" | "cron-never" | "default" | "deletion-begun" | "environment-failed" | "experiment-deleted" | "filter-field" | "filter-function" | "filter-list" | "filter-not-number" | "filter-not-quoted" | "filter-null-test" | "filter-operator" | "filter-syntax" | "folder-too-large" | "has-traffic" | "has-versions" | "held-already" | "import-ended" | "imports-running" | "in-use" | "job-cancelled" | "job-cancelled-queued" | "job-exit-code" | "job-killed" | "job-kind-unknown" | "job-process" | "job-server-ended" | "job-server-fault" | "job-server-stopped" | "job-taken-over" | "job-timed-out" | "kept-in-step" | "last-admin" | "link-ending" | "missing" | "not-ended" | "not-retryable" | "on-hold" | "output-exists" | "preview-outdated" | "protected" | "protected-inside" | "rule-too-wide" | "stage-asked" | "stage-decided" | "stage-keeps-others" | "stage-needs-approval" | "stage-own-request" | "still-live" | "taken" | "throttled" | "timezone" | "too-long" | "trace-came-again";
            values: {
                [key: string]: string;
            };
        };
        /** Refused */
        Refused: {
            reason: string;
            run_id: string;
        };
        /**
         * RegenerateKey
         * @description `value` is the new key; without it the server creates one.
         */
        RegenerateKey: {
            /** @default null */
            key?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            value?: string | null;
        };
        /**
         * RegisteredModel
         * @description A registered model.  `latest_versions` has the highest version of each stage.
         */
        RegisteredModel: {
            /** @default [] */
            aliases?: components["schemas"]["Alias"][];
            creation_timestamp: number;
            /** @default  */
            description?: string;
            last_updated_timestamp: number;
            /** @default [] */
            latest_versions?: components["schemas"]["ModelVersion"][];
            name: string;
            /** @default [] */
            tags?: components["schemas"]["trackside.registry.model.Tag"][];
        };
        /**
         * Relations
         * @description `ancestors` begins with the parent; a parent that does not exist here ends it.
         */
        Relations: {
            ancestors: components["schemas"]["RunRef"][];
            children: number;
            copies: components["schemas"]["Copy"][];
        };
        /** RemoveItems */
        RemoveItems: {
            /** @default null */
            item_ids?: string[] | null;
            /** @default null */
            queue_id: string | null;
        };
        /** RenameModel */
        RenameModel: {
            /** @default null */
            name: string | null;
            /** @default null */
            new_name: string | null;
        };
        /** Requests */
        Requests: {
            /** @default null */
            next_page_token?: string | null;
            /** @default [] */
            stage_requests?: components["schemas"]["StageRequest"][];
        };
        /** Restore */
        Restore: {
            /** @default null */
            id: string | null;
            /** @default null */
            kind: string | null;
        };
        /**
         * ResumeLink
         * @description `accept_deletions`: carry out the deletions for which the link was paused.
         */
        ResumeLink: {
            /** @default null */
            accept_deletions?: boolean | null;
            /** @default null */
            name?: string | null;
        };
        /**
         * RetentionCall
         * @description A retention rule for runs; see the job kind `retention`.
         */
        RetentionCall: {
            /** @default null */
            artifacts?: string | null;
            /** @default null */
            experiments?: string | null;
            /** @default null */
            filter?: string | null;
            /** @default null */
            is_lower_better?: boolean | null;
            /** @default null */
            keep_best?: number | null;
            /** @default null */
            keep_last?: number | null;
            /** @default null */
            metric?: string | null;
            /** @default null */
            most_percent?: number | null;
            /** @default null */
            older_than_days?: number | null;
            /** @default null */
            permanently?: boolean | null;
        };
        /**
         * RetentionPreview
         * @description `runs` are the first 100 matching runs, and counts and bytes are sums over these.  `is_allowed`: not more than
         *     `most_percent` of all runs.
         */
        RetentionPreview: {
            file_bytes: number;
            file_count: number;
            is_allowed: boolean;
            matched: number;
            runs: components["schemas"]["MatchedRun"][];
            total: number;
            words: string;
        };
        /** ReviewQueue */
        ReviewQueue: {
            /** @default null */
            created_by?: string | null;
            creation_time_ms: number;
            experiment_id: string;
            last_update_time_ms: number;
            name: string;
            queue_id: string;
            queue_type: string;
            /** @default [] */
            schema_ids?: string[];
            /** @default [] */
            users?: string[];
        };
        /** Rows */
        Rows: {
            rows: Record<string, unknown>[];
        };
        /** Rules */
        Rules: {
            /** @default [] */
            rules?: components["schemas"]["ShownRule"][];
        };
        /** Run */
        Run: {
            data: components["schemas"]["trackside.runs.model.RunData"];
            info: components["schemas"]["RunInfo"];
            inputs: components["schemas"]["RunInputs"];
            outputs?: components["schemas"]["RunOutputs"];
        };
        /**
         * RunCall
         * @description A call without other parameters than the run.
         */
        RunCall: {
            /** @default null */
            run_id?: string | null;
            /** @default null */
            run_uuid?: string | null;
        } | unknown | unknown;
        /**
         * RunGroup
         * @description A group of runs.  `filter` selects its runs; null if no filter can.
         */
        RunGroup: {
            count: number;
            filter: string | null;
            metrics: components["schemas"]["MetricOfGroup"][];
            values: (string | null)[];
        };
        /** RunInfo */
        RunInfo: {
            artifact_uri: string;
            end_time?: number;
            experiment_id: string;
            lifecycle_stage: string;
            run_id: string;
            run_name: string;
            run_uuid: string;
            start_time: number;
            status: string;
            user_id: string;
        };
        /** RunInputs */
        RunInputs: {
            /** @default [] */
            dataset_inputs?: components["schemas"]["DatasetInput"][];
            /** @default [] */
            model_inputs?: components["schemas"]["ModelInput"][];
        };
        /** RunListing */
        RunListing: {
            /** @default [] */
            files?: components["schemas"]["FileInfo"][];
            root_uri: string;
        };
        /**
         * RunModel
         * @description A logged model that a run used (`input`) or made (`output`, at `step`).
         */
        RunModel: {
            direction: string;
            model: components["schemas"]["trackside.registry.lineage.LoggedModel"];
            step: number;
        };
        /** RunModels */
        RunModels: {
            /** @default [] */
            logged_models?: components["schemas"]["RunModel"][];
            /** @default [] */
            model_versions?: components["schemas"]["ModelVersion"][];
        };
        /**
         * RunMonitor
         * @description Without times: the due windows, and the current one so far.  With `start` (and `end`): a backfill.
         */
        RunMonitor: {
            /** @default null */
            end?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            start?: string | null;
        };
        /** RunOutputs */
        RunOutputs: {
            /** @default [] */
            model_outputs?: components["schemas"]["ModelOutput"][];
        };
        /** RunRef */
        RunRef: {
            experiment_id: string;
            lifecycle_stage: string;
            run_id: string;
            run_name: string;
            status: string;
        };
        /**
         * RunRows
         * @description One array per attribute, all of the same length.
         */
        RunRows: {
            /** @default [] */
            children?: number[];
            /** @default [] */
            end_time?: (number | null)[];
            /** @default [] */
            experiment_id?: string[];
            /** @default [] */
            lifecycle_stage?: string[];
            /** @default [] */
            matches?: boolean[];
            /** @default [] */
            parent_run_id?: (string | null)[];
            /** @default [] */
            parent_run_name?: (string | null)[];
            /** @default [] */
            run_id?: string[];
            /** @default [] */
            run_name?: string[];
            /** @default [] */
            start_time?: number[];
            /** @default [] */
            status?: string[];
            /** @default [] */
            user_id?: string[];
        };
        /** RunsTable */
        RunsTable: {
            /** @default null */
            columns?: string[] | null;
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filter?: string | null;
            /** @default null */
            lifecycle?: string | null;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            offset?: number | null;
            /** @default null */
            order_by?: string[] | null;
            /** @default null */
            page_token?: string | null;
            /** @default null */
            parent?: string | null;
            /** @default null */
            run_ids?: string[] | null;
            /** @default null */
            snapshot?: string | null;
        };
        /** Schedules */
        Schedules: {
            /** @default [] */
            schedules?: components["schemas"]["ShownSchedule"][];
        };
        /** ScheduleTimes */
        ScheduleTimes: {
            /** @default [] */
            times?: number[];
        };
        /**
         * Score
         * @description A rule's score of a column in a window.  `subject` is drift, or a kind of data quality or performance.
         */
        Score: {
            column: string;
            /** @default false */
            is_over?: boolean;
            /** @default  */
            signal?: string;
            subject: string;
            threshold: number;
            value: number;
        };
        /** SearchExperiments */
        SearchExperiments: {
            /** @default null */
            filter?: string | null;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            order_by?: string[] | null;
            /** @default null */
            page_token?: string | null;
            /** @default null */
            view_type?: string | number | null;
        };
        /** SearchModels */
        SearchModels: {
            /** @default null */
            datasets?: components["schemas"]["trackside.logged_models.model.GivenDataset"][] | null;
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filter?: string | null;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            order_by?: components["schemas"]["GivenOrder"][] | null;
            /** @default null */
            page_token?: string | null;
        };
        /** SearchRuns */
        SearchRuns: {
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filter?: string | null;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            order_by?: string[] | null;
            /** @default null */
            page_token?: string | null;
            /** @default null */
            run_view_type?: string | number | null;
        };
        /** SearchTraces */
        SearchTraces: {
            /** @default null */
            filter?: string | null;
            /** @default null */
            locations?: components["schemas"]["Location"][] | null;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            order_by?: string[] | null;
            /** @default null */
            page_token?: string | null;
        };
        /** Serialized */
        Serialized: {
            /** @default null */
            serialization_format?: string | null;
            /** @default null */
            value?: string | null;
        };
        /**
         * ServerOverview
         * @description `requests`, `errors` (5xx) and `seconds` count since the start; two answers apart in time give rates.  `p95_ms` is since
         *     the start.  `counted_s` is the age of the counts of rows, absent before the first.
         */
        ServerOverview: {
            counted_s?: number;
            /** @default [] */
            disks?: components["schemas"]["Disk"][];
            errors: number;
            is_store_up: boolean;
            p95_ms?: number;
            /** @default [] */
            parts?: components["schemas"]["Part"][];
            requests: number;
            seconds: number;
            store: string;
            store_bytes: number;
            version: string;
            workers: number;
            /** @default [] */
            workspaces?: components["schemas"]["WorkspaceLine"][];
        };
        /**
         * Session
         * @description A session.  `first_request` is the preview of the oldest trace; `user` is empty unless all traces have the same one.
         */
        Session: {
            duration_ms: number;
            errors: number;
            first_ms: number;
            first_request: string;
            last_ms: number;
            session_id: string;
            total_cost: number | null;
            total_tokens: number | null;
            traces: number;
            user: string;
        };
        /** Sessions */
        Sessions: {
            /** @default null */
            next_page_token?: string | null;
            /** @default [] */
            sessions?: components["schemas"]["Session"][];
        };
        /** SetAlias */
        SetAlias: {
            /** @default null */
            alias: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            version: string | null;
        };
        /** SetModelTag */
        SetModelTag: {
            /** @default null */
            key: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            value?: string | null;
        };
        /**
         * SetQuota
         * @description `subject` is the name of a user, the id of an experiment, or `*` for each one without its own quota; quotas of the
         *     workspace, and of the server for all workspaces together, have none.  `limit` counts runs, metric points, bytes of artifacts
         *     and traces, endpoints, or queued and running jobs.
         */
        SetQuota: {
            /** @default null */
            limit?: number | null;
            /** @default null */
            measure: string | null;
            /** @default null */
            scope: string | null;
            /** @default null */
            subject?: string | null;
        };
        /** SetStages */
        SetStages: {
            /** @default null */
            stages: components["schemas"]["GivenStage"][] | null;
        };
        /** SetStatus */
        SetStatus: {
            /** @default null */
            completed_by?: string | null;
            /** @default null */
            item_id: string | null;
            /** @default null */
            queue_id: string | null;
            /** @default null */
            status?: string | null;
        };
        /** SetVersionTag */
        SetVersionTag: {
            /** @default null */
            key: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            value?: string | null;
            /** @default null */
            version: string | null;
        };
        /**
         * Shown
         * @description A link as the API shows it, without its secret.
         */
        Shown: {
            created_at: number;
            has_secret: boolean;
            held_deletions: components["schemas"]["HeldDeletions"];
            kind: components["schemas"]["trackside.links.model.Kind"];
            lag_items: number;
            lag_s: number;
            /** @default null */
            last_error?: string | null;
            /** @default null */
            last_error_at?: number | null;
            /** @default null */
            last_success_at?: number | null;
            /** @default null */
            lost_store_at?: number | null;
            mirrored: {
                [key: string]: number;
            };
            mode: components["schemas"]["Mode"];
            name: string;
            options: components["schemas"]["Options"];
            points_per_s: number;
            postponed_items: number;
            /** @default null */
            retry_at?: number | null;
            sent_bytes: number;
            sent_items: number;
            sent_points: number;
            state: components["schemas"]["State"];
            taken_bytes: number;
            taken_items: number;
            taken_points: number;
            to: string;
        };
        /** ShownAssignment */
        ShownAssignment: {
            assignment_id: number;
            created_at: number;
            created_by: string;
            is_denial: boolean;
            principal: string;
            role: string;
            role_id: string;
            scope: string;
        };
        /**
         * ShownCause
         * @description The reason as data.  `error_code` is that of a fault, `key` names the reason, and `values` are quoted by it.  `attempts`:
         *     the number of attempts after which the job failed.
         */
        ShownCause: {
            /** @default 0 */
            attempts?: number;
            /** @default  */
            error_code?: string;
            /** @default  */
            key?: string;
            /** @default {} */
            values?: {
                [key: string]: string;
            };
        };
        /** ShownDeployment */
        ShownDeployment: {
            created_at: number;
            generation: number;
            mirror: number;
            model_name?: string;
            model_uri: string;
            model_version?: string;
            name: string;
            reason: string;
            replicas: components["schemas"]["ShownReplica"][];
            spec: components["schemas"]["Spec"];
            state: string;
            traffic: number;
            updated_at: number;
        };
        /** ShownEndpoint */
        ShownEndpoint: {
            auth_mode: string;
            created_at: number;
            created_by: string;
            deployments: components["schemas"]["ShownDeployment"][];
            description: string;
            name: string;
            openapi_path: string;
            properties: {
                [key: string]: string;
            };
            scoring_path: string;
            state: string;
            tags: {
                [key: string]: string;
            };
            updated_at: number;
        };
        /**
         * ShownEntry
         * @description `state` is `moving`, `kept`, `restoring` or `purging`.  The current job or the next one completes every state except
         *     `kept`.
         */
        ShownEntry: {
            entry_id: string;
            file_bytes: number;
            file_count: number;
            item_id: string;
            key: string;
            kind: string;
            moved_at: number;
            moved_by: string;
            root?: string;
            state: string;
        };
        /** ShownGroup */
        ShownGroup: {
            created_at: number;
            display_name: string;
            /** @default [] */
            members?: string[];
            name: string;
        };
        /**
         * ShownHold
         * @description A hold.  `is_over`: the hold has expired and no longer prevents a deletion.
         */
        ShownHold: {
            ends_at?: number;
            id: string;
            /** @default false */
            is_over?: boolean;
            kind: string;
            placed_at: number;
            placed_by: string;
            reason: string;
            text: string;
        };
        /**
         * ShownImport
         * @description `state` is running, done, failed, cancelled or interrupted.  `differences` and `left_out` have the first lines;
         *     `differences_total` and `left_out_total` count up to 1,000.
         */
        ShownImport: {
            bytes: number;
            /** @default [] */
            counts?: components["schemas"]["Counted"][];
            /** @default [] */
            differences?: string[];
            differences_total: number;
            dry_run: boolean;
            ended_at?: number;
            error?: string;
            files: number;
            import_id: string;
            /** @default [] */
            left_out?: components["schemas"]["LeftOut"][];
            left_out_total: number;
            points: number;
            source: string;
            started_at: number;
            state: string;
            total_runs?: number;
            user: string;
            verify: boolean;
        };
        /**
         * ShownIncident
         * @description An incident, from the window that opened it (`opened_at`) to the one that closed it.  `value` is the newest score, `worst`
         *     the greatest.
         */
        ShownIncident: {
            closed_at?: number;
            column: string;
            incident: number;
            monitor: string;
            notices: number;
            notified_at: number;
            opened_at: number;
            signal: string;
            slice: string;
            subject: string;
            threshold: number;
            value: number;
            worst: number;
        };
        /** ShownJob */
        ShownJob: {
            attempt: number;
            cause?: components["schemas"]["ShownCause"];
            created_at: number;
            ended_at?: number;
            is_cancelling: boolean;
            job_id: string;
            kind: string;
            max_attempts: number;
            params: unknown;
            priority: number;
            progress: components["schemas"]["ShownProgress"];
            reason: string;
            result?: unknown;
            /** @default  */
            schedule?: string;
            started_at?: number;
            state: string;
            timeout_s: number;
            title: string;
            user: string;
        };
        /** ShownKind */
        ShownKind: {
            name: string;
            params: Record<string, unknown>;
            title: string;
        };
        /**
         * ShownMonitor
         * @description `note` warns of weak results, for example with a small baseline.  `next_at` is the time of the next computation.
         *     `pause_reason` says why the server paused it.
         */
        ShownMonitor: {
            /** @default false */
            attribution?: boolean;
            baseline: Record<string, unknown>;
            /** @default [] */
            columns?: string[];
            created_at: number;
            is_scheduled: boolean;
            /** @default  */
            label?: string;
            label_days: number;
            last_window?: number;
            latency_s: number;
            /** @default false */
            magnitude?: boolean;
            name: string;
            next_at?: number;
            /** @default  */
            note?: string;
            /** @default 0 */
            open_incidents?: number;
            /** @default  */
            pause_reason?: string;
            /** @default  */
            prediction?: string;
            rules: string;
            /** @default  */
            score?: string;
            /** @default [] */
            slices?: string[];
            target: Record<string, unknown>;
            /** @default  */
            task?: string;
            timezone: string;
            updated_at: number;
            user: string;
            window: string;
            /** @default 0 */
            windows?: number;
        };
        /**
         * ShownOrphan
         * @description `key` is a folder of the artifact store, or the location in a row; `root` is absent for the artifact store of the
         *     server.
         *
         *     `modified_at` is the time of the newest file (ms).
         */
        ShownOrphan: {
            file_bytes: number;
            file_count: number;
            item_id: string;
            key: string;
            kind: string;
            modified_at: number;
            root?: string;
        };
        /**
         * ShownProgress
         * @description `message_key` and `message_values`: the message as data, if it is one of the server's own.
         */
        ShownProgress: {
            done: number;
            left_s?: number;
            /** @default  */
            message?: string;
            /** @default  */
            message_key?: string;
            /** @default {} */
            message_values?: {
                [key: string]: string;
            };
            per_s?: number;
            total?: number;
            /** @default  */
            unit?: string;
        };
        /** ShownProvider */
        ShownProvider: {
            name: string;
            title: string;
        };
        /**
         * ShownQueue
         * @description `max_running` is the effective limit, the workspace's own or the server's.
         */
        ShownQueue: {
            is_paused: boolean;
            max_running: number;
            queued: number;
            running: number;
        };
        /**
         * ShownQuota
         * @description `used` is the use of `subject`; a quota for each user or experiment (`is_each`) is shown for each that has some.
         */
        ShownQuota: {
            is_each: boolean;
            level: string;
            limit: number;
            measure: string;
            scope: string;
            subject: string;
            updated_at: number;
            updated_by: string;
            used: number;
        };
        /** ShownReplica */
        ShownReplica: {
            id: string;
            reason?: string;
            started_at: number;
            state: string;
        };
        /**
         * ShownRequestLog
         * @description `days` are the days that have files, the newest first.
         */
        ShownRequestLog: {
            counters: components["schemas"]["Counters"];
            /** @default [] */
            days?: components["schemas"]["LoggedDay"][];
            files: number;
            is_on: boolean;
            keep_days?: number;
            max_mb?: number;
            newest?: number;
            oldest?: number;
            sampling?: number;
            size_bytes: number;
        };
        /** ShownRule */
        ShownRule: {
            above: number;
            checked_at?: number;
            created_by: string;
            fired_at?: number;
            for_s: number;
            is_enabled: boolean;
            measure: string;
            name: string;
            pending_since?: number;
            severity: string;
            state: string;
            target: string;
            updated_at: number;
            value?: number;
            window_s: number;
        };
        /**
         * ShownSchedule
         * @description `may_steer`: the caller, if allowed to write or delete jobs, may run, change, pause and delete the schedule. `pause_reason`
         *     is the reason why the server paused the schedule.
         */
        ShownSchedule: {
            created_at: number;
            /** @default  */
            cron?: string;
            /** @default 0 */
            interval_s?: number;
            is_paused: boolean;
            kind: string;
            last_at?: number;
            /** @default  */
            last_job_id?: string;
            may_steer: boolean;
            name: string;
            next_at?: number;
            params: unknown;
            /** @default  */
            pause_reason?: string;
            priority: number;
            /** @default [] */
            times?: number[];
            /** @default  */
            timezone?: string;
            updated_at: number;
            user: string;
        };
        /** ShownSession */
        ShownSession: {
            address: string;
            agent: string;
            created_at: number;
            is_this: boolean;
            /** @default  */
            issuer?: string;
            seen_at: number;
            session_id: number;
        };
        /** ShownStage */
        ShownStage: {
            name: string;
            needs_approval: boolean;
        };
        /** ShownToken */
        ShownToken: {
            created_at: number;
            /** @default null */
            expires_at?: number | null;
            /** @default false */
            is_this?: boolean;
            /** @default null */
            last_address?: string | null;
            /** @default null */
            last_used_at?: number | null;
            name: string;
            place: string;
            scope: string;
            shown: string;
            token_id: number;
        };
        /**
         * ShownWindow
         * @description `scores` are the values by which rules decide.
         */
        ShownWindow: {
            computed_at: number;
            drifted: string[];
            end: number;
            is_complete: boolean;
            rows: number;
            /** @default [] */
            scores?: components["schemas"]["Score"][];
            start: number;
        };
        /**
         * Side
         * @description A side of a link, from the point of view of this server.
         * @enum {unknown}
         */
        Side: "here" | "there";
        /** Source */
        Source: {
            /** @default null */
            source_id?: string | null;
            /** @default null */
            source_type?: string | null;
        };
        /**
         * Spec
         * @description The options of a deployment.
         *
         *     `backend` is `process` (child processes of the server), `ray` (the cluster of --ray-address) or `kubernetes`.  `env` is `uv`
         *     (an environment is built from the model's requirements), `local` (the Python of --model-python) or `auto` (`uv` if it is
         *     installed, else `local`; on clusters `uv`).  `replicas` is the number of processes; up to `max_replicas`, more are added while
         *     the utilization, busy replicas over all, is above `target_utilization` percent.
         */
        Spec: {
            /** @default process */
            backend?: string;
            /** @default auto */
            batching?: string;
            /** @default auto */
            env?: string;
            /** @default 16 */
            max_body_mb?: number;
            /** @default 512 */
            max_queue?: number;
            /** @default 0 */
            max_replicas?: number;
            /** @default 4096 */
            max_rows?: number;
            /** @default 0 */
            memory_mb?: number;
            /** @default 1 */
            replicas?: number;
            /** @default 60 */
            request_timeout_s?: number;
            /** @default 70 */
            target_utilization?: number;
            /** @default 1 */
            threads?: number;
        };
        /**
         * StageRequest
         * @description A request.  `requested_by` and `decided_by` are the names that the callers claimed, unverified; empty if they gave none.
         */
        StageRequest: {
            archive_existing_versions: boolean;
            comment: string;
            decided_at?: number;
            decided_by?: string;
            decision_comment?: string;
            name: string;
            request_id: string;
            requested_at: number;
            requested_by: string;
            stage: string;
            status: string;
            version: string;
        };
        /** Stages */
        Stages: {
            stages: components["schemas"]["ShownStage"][];
        };
        /**
         * StartImport
         * @description `source` is the URL of an MLflow server, or of a workspace of a Trackside.  `dry_run`: compare, and change nothing.
         */
        StartImport: {
            /** @default null */
            dry_run?: boolean | null;
            /** @default null */
            password?: string | null;
            /** @default null */
            source: string | null;
            /** @default null */
            source_workspace?: string | null;
            /** @default null */
            token?: string | null;
            /** @default null */
            username?: string | null;
            /** @default null */
            verify?: boolean | null;
        };
        /**
         * State
         * @enum {unknown}
         */
        State: "active" | "paused" | "removing";
        /**
         * Storage
         * @description Lines of a report, the largest first.  `rest` is the sum of the omitted lines.  `counted_at` is absent before the first
         *     count.
         */
        Storage: {
            counted_at?: number;
            lines: components["schemas"]["StorageLine"][];
            rest: components["schemas"]["StorageLine"];
            total: components["schemas"]["StorageLine"];
        };
        /**
         * StorageLine
         * @description `key`: an experiment's id, a user, a kind (`run`, `logged_model`, `model_version`, `traces`, `rest`, `trash`), an age, or
         *     kind:id.  `row_bytes`: points of metrics and spans in the database.
         */
        StorageLine: {
            file_bytes: number;
            file_count: number;
            items: number;
            key: string;
            name: string;
            row_bytes: number;
        };
        /**
         * SyncCall
         * @description `verify`: as in a check.
         */
        SyncCall: {
            /** @default null */
            name?: string | null;
            /** @default null */
            verify?: boolean | null;
        };
        /** Tested */
        Tested: {
            result: components["schemas"]["TestResult"];
        };
        /** TestOurs */
        TestOurs: {
            /** @default null */
            event?: string | null;
            /** @default null */
            webhook_id?: string | null;
        };
        /** TestResult */
        TestResult: {
            error_message?: string;
            response_body?: string;
            response_status?: number;
            success: boolean;
        };
        /** Text */
        Text: {
            /** @default null */
            max_length?: number | null;
        };
        /**
         * Total
         * @description The runs in the lifecycle stage of the experiment, which its page shows.
         */
        Total: {
            experiment_id: string;
            last_start_time: number | null;
            runs: number;
        };
        /**
         * Totals
         * @description The experiments of the call that exist and that the caller may read, by id.
         */
        Totals: {
            experiments: components["schemas"]["Total"][];
        };
        /** TraceInfos */
        TraceInfos: {
            /** @default [] */
            trace_infos?: unknown[];
        };
        /** Traces */
        Traces: {
            /** @default null */
            next_page_token?: string | null;
            /** @default [] */
            traces?: unknown[];
        };
        /**
         * NewRole
         * @description A custom role in Azure's JSON, with Azure's names or in snake case.
         */
        "trackside.access.drafts.NewRole": {
            /** @default null */
            actions?: string[] | null;
            /** @default null */
            assignable_scopes?: string[] | null;
            /** @default null */
            description?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            not_actions?: string[] | null;
            /** @default null */
            role_id?: string | null;
        };
        /**
         * Problem
         * @description A problem of a field.  `value` is the wrong entry; empty if the field as a whole is wrong.
         */
        "trackside.access.drafts.Problem": {
            field: string;
            message: string;
            value: string;
        };
        /** GotRole */
        "trackside.access.routes.GotRole": {
            role: components["schemas"]["trackside.access.routes.ShownRole"];
        };
        /** ShownRole */
        "trackside.access.routes.ShownRole": {
            actions: string[];
            /** @default [] */
            allowed?: string[];
            /** @default [] */
            assignable_scopes?: string[];
            description: string;
            is_custom: boolean;
            name: string;
            /** @default [] */
            not_actions?: string[];
            role_id: string;
        };
        /** Entry */
        "trackside.audit.log.Entry": {
            action: string;
            actor: string;
            address: string;
            agent: string;
            at: number;
            credential: string;
            detail: string;
            hash: string;
            object_id: string;
            object_type: string;
            outcome: string;
            previous_hash: string;
            reason: string;
            route: string;
            seq: number;
            workspace: string;
        };
        /** Found */
        "trackside.audit.routes.Found": {
            /** @default [] */
            entries?: components["schemas"]["trackside.audit.log.Entry"][];
            /** @default null */
            next_before?: number | null;
        };
        /**
         * Delete
         * @description A deletion.  `token` comes from a preview: the call is refused if it would now delete more or less.  `confirm` is the
         *     name that the preview asks for.
         */
        "trackside.cleanup.model.Delete": {
            /** @default null */
            alias?: string | null;
            /** @default null */
            confirm?: string | null;
            /** @default null */
            copies?: string | null;
            /** @default null */
            dataset_id?: string | null;
            /** @default null */
            day?: string | null;
            /** @default null */
            deployment?: string | null;
            /** @default null */
            digest?: string | null;
            /** @default null */
            experiment_id?: string | null;
            /** @default null */
            from_step?: number | null;
            /** @default null */
            job_id?: string | null;
            /** @default null */
            key?: string | null;
            /** @default null */
            kind: string | null;
            /** @default null */
            model_id?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            path?: string | null;
            /** @default null */
            record_id?: string | null;
            /** @default null */
            run_id?: string | null;
            /** @default null */
            to_step?: number | null;
            /** @default null */
            token?: string | null;
            /** @default null */
            token_id?: number | null;
            /** @default null */
            trace_id?: string | null;
            /** @default null */
            version?: string | null;
            /** @default null */
            view_id?: string | null;
            /** @default null */
            webhook_id?: string | null;
        };
        /**
         * Named
         * @description The target of a call.  `kind` decides which of the other fields are read.
         */
        "trackside.cleanup.model.Named": {
            /** @default null */
            alias?: string | null;
            /** @default null */
            copies?: string | null;
            /** @default null */
            dataset_id?: string | null;
            /** @default null */
            day?: string | null;
            /** @default null */
            deployment?: string | null;
            /** @default null */
            digest?: string | null;
            /** @default null */
            experiment_id?: string | null;
            /** @default null */
            from_step?: number | null;
            /** @default null */
            job_id?: string | null;
            /** @default null */
            key?: string | null;
            /** @default null */
            kind: string | null;
            /** @default null */
            model_id?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            path?: string | null;
            /** @default null */
            record_id?: string | null;
            /** @default null */
            run_id?: string | null;
            /** @default null */
            to_step?: number | null;
            /** @default null */
            token_id?: number | null;
            /** @default null */
            trace_id?: string | null;
            /** @default null */
            version?: string | null;
            /** @default null */
            view_id?: string | null;
            /** @default null */
            webhook_id?: string | null;
        };
        /**
         * Delete
         * @description `confirm` is the name of the workspace or of the resource group; `token` is that of the preview.
         */
        "trackside.cleanup.workspaces.model.Delete": {
            /** @default null */
            confirm: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            resource_group?: string | null;
            /** @default null */
            subscription_id?: string | null;
            /** @default null */
            token?: string | null;
        };
        /**
         * Named
         * @description The workspaces to delete: `name`, or `resource_group` with `subscription_id` (default: the subscription of workspaces
         *     without one).
         */
        "trackside.cleanup.workspaces.model.Named": {
            /** @default null */
            name?: string | null;
            /** @default null */
            resource_group?: string | null;
            /** @default null */
            subscription_id?: string | null;
        };
        /** GotKeys */
        "trackside.endpoints.model.GotKeys": {
            primary: string;
            secondary: string;
        };
        /** Log */
        "trackside.endpoints.model.Log": {
            lines: string[];
        };
        /**
         * Point
         * @description The requests of a deployment from `start` (ms) on, during the answer's `step_s`.  Latencies are estimates from a histogram;
         *     a point without requests is omitted.
         */
        "trackside.endpoints.traffic_routes.Point": {
            client_errors: number;
            deployment: string;
            p50_ms: number;
            p95_ms: number;
            p99_ms: number;
            requests: number;
            server_errors: number;
            start: number;
        };
        /** Create */
        "trackside.evaluation_datasets.model.Create": {
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            name: string | null;
            /** @default null */
            tags?: string | null;
        };
        /** Found */
        "trackside.evaluation_datasets.model.Found": {
            /** @default [] */
            datasets?: components["schemas"]["EvaluationDataset"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** Got */
        "trackside.evaluation_datasets.model.Got": {
            dataset: components["schemas"]["EvaluationDataset"];
        };
        /** Search */
        "trackside.evaluation_datasets.model.Search": {
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            filter_string?: string | null;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            order_by?: string[] | null;
            /** @default null */
            page_token?: string | null;
        };
        /** Deleted */
        "trackside.evaluation_datasets.records.Deleted": {
            deleted_count: number;
        };
        /** Page */
        "trackside.evaluation_datasets.records.Page": {
            /** @default null */
            next_page_token?: string | null;
            records: string;
        };
        /** Created */
        "trackside.experiments.model.Created": {
            experiment_id: string;
        };
        /** DeleteTag */
        "trackside.experiments.model.DeleteTag": {
            /** @default null */
            experiment_id: string | null;
            /** @default null */
            key: string | null;
        };
        /** Experiment */
        "trackside.experiments.model.Experiment": {
            artifact_location: string;
            creation_time: number;
            experiment_id: string;
            last_update_time: number;
            lifecycle_stage: string;
            name: string;
            /** @default [] */
            tags?: components["schemas"]["trackside.experiments.model.Tag"][];
            workspace: string;
        };
        /** Found */
        "trackside.experiments.model.Found": {
            /** @default [] */
            experiments?: components["schemas"]["trackside.experiments.model.Experiment"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** GivenTag */
        "trackside.experiments.model.GivenTag": {
            /** @default null */
            key?: string | null;
            /** @default null */
            value?: string | null;
        };
        /** Got */
        "trackside.experiments.model.Got": {
            experiment: components["schemas"]["trackside.experiments.model.Experiment"];
        };
        /** SetTag */
        "trackside.experiments.model.SetTag": {
            /** @default null */
            experiment_id: string | null;
            /** @default null */
            key: string | null;
            /** @default null */
            value?: string | null;
        };
        /** Tag */
        "trackside.experiments.model.Tag": {
            key: string;
            value: string;
        };
        /**
         * GotUser
         * @description `password` is the requested one-time password, which is shown only once.
         */
        "trackside.identity.calls.GotUser": {
            /** @default null */
            password?: string | null;
            user: components["schemas"]["trackside.identity.calls.ShownUser"];
        };
        /** ListedUsers */
        "trackside.identity.calls.ListedUsers": {
            /** @default null */
            next_page_token?: string | null;
            /** @default [] */
            users?: components["schemas"]["trackside.identity.calls.ShownUser"][];
        };
        /**
         * Me
         * @description The caller.  `is_open`: the server has no users, and everybody may do everything.
         */
        "trackside.identity.calls.Me": {
            credential: string;
            display_name: string;
            /** @default [] */
            groups?: string[];
            has_password: boolean;
            is_admin: boolean;
            is_open: boolean;
            is_signed_in: boolean;
            /** @default false */
            must_change_password?: boolean;
            name: string;
        };
        /**
         * NewUser
         * @description A service principal has no password, only tokens.  `one_time_password`: the answer has a password that only allows choosing
         *     another.
         */
        "trackside.identity.calls.NewUser": {
            /** @default null */
            display_name?: string | null;
            /** @default null */
            is_admin?: boolean | null;
            /** @default null */
            kind?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            one_time_password?: boolean | null;
            /** @default null */
            password?: string | null;
        };
        /** ShownUser */
        "trackside.identity.calls.ShownUser": {
            created_at: number;
            display_name: string;
            /** @default [] */
            groups?: string[];
            has_password: boolean;
            is_admin: boolean;
            is_disabled: boolean;
            kind: string;
            /** @default null */
            last_login_at?: number | null;
            name: string;
            /** @default null */
            password_ends_at?: number | null;
        };
        /** Jobs */
        "trackside.jobs.model.Jobs": {
            /** @default [] */
            jobs?: components["schemas"]["ShownJob"][];
            next_page_token?: string;
        };
        /**
         * Log
         * @description `is_complete`: the job has ended, and there are no lines after `cursor`.
         */
        "trackside.jobs.model.Log": {
            cursor: number;
            is_complete: boolean;
            /** @default [] */
            lines?: string[];
        };
        /**
         * Page
         * @description A page of differences.  `next`: where the next page begins; absent on the last one.
         */
        "trackside.links.check.Page": {
            compared: number;
            differences: components["schemas"]["Difference"][];
            /** @default null */
            next?: string | null;
        };
        /**
         * Kind
         * @enum {unknown}
         */
        "trackside.links.model.Kind": "databricks" | "mlflow" | "trackside";
        /** Listed */
        "trackside.links.model.Listed": {
            /** @default [] */
            links?: components["schemas"]["Shown"][];
        };
        /** Found */
        "trackside.logged_models.model.Found": {
            /** @default [] */
            models?: components["schemas"]["trackside.logged_models.model.LoggedModel"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** GivenDataset */
        "trackside.logged_models.model.GivenDataset": {
            /** @default null */
            dataset_digest?: string | null;
            /** @default null */
            dataset_name?: string | null;
        };
        /** GotModel */
        "trackside.logged_models.model.GotModel": {
            model: components["schemas"]["trackside.logged_models.model.LoggedModel"];
        };
        /** LoggedModel */
        "trackside.logged_models.model.LoggedModel": {
            data: components["schemas"]["ModelData"];
            info: components["schemas"]["ModelInfo"];
        };
        /**
         * Metric
         * @description A point of a model: all of them are answered, not only the last.
         */
        "trackside.logged_models.model.Metric": {
            dataset_digest?: string;
            dataset_name?: string;
            key: string;
            model_id: string;
            run_id: string;
            step: number;
            timestamp: number;
            value: number | string;
        };
        /** SetTags */
        "trackside.logged_models.model.SetTags": {
            /** @default  */
            model_id?: string;
            /** @default null */
            tags?: components["schemas"]["Given"][] | null;
        };
        /** Experiment */
        "trackside.registry.lineage.Experiment": {
            experiment_id: string;
            name: string;
        };
        /** LoggedModel */
        "trackside.registry.lineage.LoggedModel": {
            model_id: string;
            model_type: string;
            name: string;
            source_run_id: string;
            status: string;
        };
        /** CreateModel */
        "trackside.registry.model.CreateModel": {
            /** @default null */
            description?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            tags?: components["schemas"]["trackside.registry.model.GivenTag"][] | null;
        };
        /** GivenTag */
        "trackside.registry.model.GivenTag": {
            /** @default null */
            key?: string | null;
            /** @default null */
            value?: string | null;
        };
        /** GotModel */
        "trackside.registry.model.GotModel": {
            registered_model: components["schemas"]["RegisteredModel"];
        };
        /**
         * Register
         * @description The first version of a model that does not exist yet.  `tags` and `description` are those of the version.
         */
        "trackside.registry.model.Register": {
            /** @default null */
            description?: string | null;
            /** @default null */
            model_id?: string | null;
            /** @default null */
            model_tags?: components["schemas"]["trackside.registry.model.GivenTag"][] | null;
            /** @default null */
            name: string | null;
            /** @default null */
            run_id?: string | null;
            /** @default null */
            run_link?: string | null;
            /** @default null */
            source: string | null;
            /** @default null */
            tags?: components["schemas"]["trackside.registry.model.GivenTag"][] | null;
        };
        /** Tag */
        "trackside.registry.model.Tag": {
            key: string;
            value: string;
        };
        /**
         * History
         * @description Changes of a model, the newest first.
         */
        "trackside.registry.own_routes.History": {
            /** @default [] */
            events?: components["schemas"]["Event"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** DeleteTag */
        "trackside.runs.model.DeleteTag": {
            /** @default null */
            key: string | null;
            /** @default null */
            run_id?: string | null;
            /** @default null */
            run_uuid?: string | null;
        } | unknown | unknown;
        /** GivenTag */
        "trackside.runs.model.GivenTag": {
            /** @default null */
            key?: string | null;
            /** @default null */
            value?: string | null;
        };
        /** GotInfo */
        "trackside.runs.model.GotInfo": {
            run_info: components["schemas"]["RunInfo"];
        };
        /** Metric */
        "trackside.runs.model.Metric": {
            key: string;
            step: number;
            timestamp: number;
            value: number | string;
        };
        /** RunData */
        "trackside.runs.model.RunData": {
            /** @default [] */
            metrics?: components["schemas"]["trackside.runs.model.Metric"][];
            /** @default [] */
            params?: components["schemas"]["KeyValue"][];
            /** @default [] */
            tags?: components["schemas"]["KeyValue"][];
        };
        /** SetTag */
        "trackside.runs.model.SetTag": {
            /** @default null */
            key: string | null;
            /** @default null */
            run_id?: string | null;
            /** @default null */
            run_uuid?: string | null;
            /** @default null */
            value?: string | null;
        } | unknown | unknown;
        /** Found */
        "trackside.runs.search.Found": {
            /** @default null */
            next_page_token?: string | null;
            /** @default [] */
            runs?: components["schemas"]["Run"][];
        };
        /**
         * Item
         * @description `text` is inserted into the filter; `kind` is attribute, metric, param, tag, function, operator, connector, or value.
         */
        "trackside.runs.table.check.Item": {
            kind: string;
            label: string;
            /** @default null */
            runs?: number | null;
            text: string;
        };
        /**
         * Problem
         * @description The position of the fault in the text, in UTF-16 units, and what was expected there, if known.
         */
        "trackside.runs.table.check.Problem": {
            expected: string;
            length: number;
            message: string;
            offset: number;
            reason: components["schemas"]["Reason"] | null;
        };
        /** Create */
        "trackside.traces.assessments.model.Create": {
            /** @default null */
            assessment: components["schemas"]["WireAssessment"] | null;
            /** @default  */
            trace_id?: string;
        };
        /** Got */
        "trackside.traces.assessments.model.Got": {
            assessment: Record<string, unknown>;
        };
        /** Update */
        "trackside.traces.assessments.model.Update": {
            /** @default null */
            assessment: components["schemas"]["WireAssessment"] | null;
            /** @default  */
            assessment_id?: string;
            /** @default  */
            trace_id?: string;
            /** @default null */
            update_mask: unknown;
        };
        /** Create */
        "trackside.traces.issues.model.Create": {
            /** @default null */
            categories?: string[] | null;
            /** @default null */
            created_by?: string | null;
            /** @default null */
            description: string | null;
            /** @default null */
            experiment_id: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            root_causes?: string[] | null;
            /** @default null */
            severity?: string | null;
            /** @default null */
            source_run_id?: string | null;
            /** @default null */
            status?: string | null;
        };
        /** Found */
        "trackside.traces.issues.model.Found": {
            /** @default [] */
            issues?: components["schemas"]["Issue"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** Got */
        "trackside.traces.issues.model.Got": {
            issue: components["schemas"]["Issue"];
        };
        /** Search */
        "trackside.traces.issues.model.Search": {
            /** @default null */
            experiment_id?: string | null;
            /** @default null */
            filter_string?: string | null;
            /** @default false */
            include_trace_count?: boolean;
            /** @default null */
            max_results?: number | null;
            /** @default null */
            page_token?: string | null;
        };
        /** Update */
        "trackside.traces.issues.model.Update": {
            /** @default null */
            description?: string | null;
            /** @default  */
            issue_id?: string;
            /** @default null */
            name?: string | null;
            /** @default null */
            severity?: string | null;
            /** @default null */
            status?: string | null;
        };
        /** Create */
        "trackside.traces.label_schemas.model.Create": {
            /** @default false */
            enable_comment?: boolean;
            /** @default null */
            experiment_id: string | null;
            /** @default null */
            input?: components["schemas"]["Input"] | null;
            /** @default null */
            instruction?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            type?: string | null;
        };
        /** Got */
        "trackside.traces.label_schemas.model.Got": {
            label_schema: components["schemas"]["LabelSchema"];
        };
        /** Listed */
        "trackside.traces.label_schemas.model.Listed": {
            /** @default [] */
            label_schemas?: components["schemas"]["LabelSchema"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** Update */
        "trackside.traces.label_schemas.model.Update": {
            /** @default null */
            enable_comment?: boolean | null;
            /** @default null */
            input?: components["schemas"]["Input"] | null;
            /** @default null */
            instruction?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            schema_id: string | null;
        };
        /** Deleted */
        "trackside.traces.model.Deleted": {
            traces_deleted: number;
        };
        /** Create */
        "trackside.traces.review_queues.model.Create": {
            /** @default null */
            created_by?: string | null;
            /** @default null */
            experiment_id: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            queue_type?: string | null;
            /** @default null */
            schema_ids?: string[] | null;
            /** @default null */
            users?: string[] | null;
        };
        /** Got */
        "trackside.traces.review_queues.model.Got": {
            review_queue: components["schemas"]["ReviewQueue"];
        };
        /** Item */
        "trackside.traces.review_queues.model.Item": {
            /** @default null */
            completed_by?: string | null;
            /** @default null */
            completed_time_ms?: number | null;
            creation_time_ms: number;
            item_id: string;
            item_type: string;
            last_update_time_ms: number;
            queue_id: string;
            status: string;
        };
        /** Items */
        "trackside.traces.review_queues.model.Items": {
            /** @default [] */
            items?: components["schemas"]["trackside.traces.review_queues.model.Item"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** Listed */
        "trackside.traces.review_queues.model.Listed": {
            /** @default null */
            next_page_token?: string | null;
            /** @default [] */
            review_queues?: components["schemas"]["ReviewQueue"][];
        };
        /** OfItems */
        "trackside.traces.review_queues.model.OfItems": {
            /** @default null */
            item_ids?: string[] | null;
            /** @default null */
            item_type?: string | null;
            /** @default null */
            queue_id: string | null;
        };
        /**
         * Update
         * @description `users` and `schema_ids` apply only with their flag, because an empty list cannot be distinguished from an absent one.
         */
        "trackside.traces.review_queues.model.Update": {
            /** @default null */
            name?: string | null;
            /** @default null */
            new_owner?: string | null;
            /** @default null */
            queue_id: string | null;
            /** @default null */
            schema_ids?: string[] | null;
            /** @default false */
            update_schema_ids?: boolean;
            /** @default false */
            update_users?: boolean;
            /** @default null */
            users?: string[] | null;
        };
        /** Point */
        "trackside.traces.search.metrics.Point": {
            dimensions: {
                [key: string]: string;
            };
            metric_name: string;
            values: {
                [key: string]: number;
            };
        };
        /** GotOurs */
        "trackside.webhooks.model.GotOurs": {
            webhook: components["schemas"]["OurWebhook"];
        };
        /** ListedOurs */
        "trackside.webhooks.model.ListedOurs": {
            next_page_token?: string;
            /** @default [] */
            webhooks?: components["schemas"]["OurWebhook"][];
        };
        /** Create */
        "trackside.workspaces.routes.Create": {
            /** @default null */
            default_artifact_root?: string | null;
            /** @default null */
            description?: string | null;
            /** @default null */
            friendly_name?: string | null;
            /** @default null */
            location?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            resource_group?: string | null;
            /** @default null */
            subscription_id?: string | null;
            /** @default null */
            tags?: {
                [key: string]: string;
            } | null;
        };
        /** GotOurs */
        "trackside.workspaces.routes.GotOurs": {
            workspace: components["schemas"]["OurWorkspace"];
        };
        /** ListedOurs */
        "trackside.workspaces.routes.ListedOurs": {
            /** @default [] */
            workspaces?: components["schemas"]["OurWorkspace"][];
        };
        /** Update */
        "trackside.workspaces.routes.Update": {
            /** @default null */
            default_artifact_root?: string | null;
            /** @default null */
            description?: string | null;
            /** @default null */
            friendly_name?: string | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            tags?: {
                [key: string]: string;
            } | null;
        };
        /** Transition */
        Transition: {
            /** @default null */
            archive_existing_versions?: boolean | null;
            /** @default null */
            name: string | null;
            /** @default null */
            stage: string | null;
            /** @default null */
            version: string | null;
        };
        /**
         * Trash
         * @description Items of the trash, the earliest deletion first.
         */
        Trash: {
            /** @default [] */
            items?: components["schemas"]["TrashItem"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** TrashItem */
        TrashItem: {
            deleted_at: number;
            experiment_id: string;
            id: string;
            kind: string;
            name: string;
            /** @default null */
            size_bytes?: number | null;
        };
        /**
         * Undo
         * @description The body of a call that reverts some of the changes.
         */
        Undo: {
            action: string;
            /** @default null */
            experiment_id?: string | null;
            /** @default null */
            key?: string | null;
            /** @default all */
            lifecycle?: string;
            run_ids: string[];
            /** @default null */
            value?: string | null;
        };
        /** UpdateEndpoint */
        UpdateEndpoint: {
            /** @default null */
            auth_mode?: string | null;
            /** @default null */
            description?: string | null;
            /** @default null */
            mirror_traffic?: {
                [key: string]: number;
            } | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            tags?: {
                [key: string]: string;
            } | null;
            /** @default null */
            traffic?: {
                [key: string]: number;
            } | null;
        };
        /** UpdateExperiment */
        UpdateExperiment: {
            /** @default null */
            experiment_id: string | null;
            /** @default null */
            new_name?: string | null;
        };
        /** UpdateModel */
        UpdateModel: {
            /** @default null */
            description?: string | null;
            /** @default null */
            name: string | null;
        };
        /**
         * UpdateMonitor
         * @description The values to change.  A new baseline, rule set or list of columns judges stored windows again, from their sums.
         */
        UpdateMonitor: {
            /** @default null */
            attribution?: boolean | null;
            /** @default null */
            baseline?: Record<string, unknown> | null;
            /** @default null */
            columns?: string[] | null;
            /** @default null */
            is_scheduled?: boolean | null;
            /** @default null */
            label_days?: number | null;
            /** @default null */
            latency_s?: number | null;
            /** @default null */
            magnitude?: boolean | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            rules?: string | null;
        };
        /** UpdateOurs */
        UpdateOurs: {
            /** @default null */
            authorization?: string | null;
            /** @default null */
            description?: string | null;
            /** @default null */
            digest_s?: number | null;
            /** @default null */
            events?: string[] | null;
            /** @default null */
            format?: string | null;
            /** @default null */
            mute?: components["schemas"]["MutePart"] | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            password?: string | null;
            /** @default null */
            secret?: string | null;
            /** @default null */
            status?: string | null;
            /** @default null */
            url?: string | null;
            /** @default null */
            username?: string | null;
            /** @default null */
            webhook_id?: string | null;
        };
        /**
         * UpdateQueue
         * @description `max_running` of 0 removes the workspace's own limit.
         */
        UpdateQueue: {
            /** @default null */
            is_paused?: boolean | null;
            /** @default null */
            max_running?: number | null;
        };
        /** UpdateRun */
        UpdateRun: {
            /** @default null */
            end_time?: number | null;
            /** @default null */
            run_id?: string | null;
            /** @default null */
            run_name?: string | null;
            /** @default null */
            run_uuid?: string | null;
            /** @default null */
            status?: string | number | null;
        } | unknown | unknown;
        /** UpdateSchedule */
        UpdateSchedule: {
            /** @default null */
            cron?: string | null;
            /** @default null */
            interval_s?: number | null;
            /** @default null */
            is_paused?: boolean | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            params?: Record<string, unknown> | null;
            /** @default null */
            priority?: number | null;
            /** @default null */
            timezone?: string | null;
        };
        /** UpdateVersion */
        UpdateVersion: {
            /** @default null */
            description?: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            version: string | null;
        };
        /**
         * UpdateView
         * @description Changes what is given, if the view still has that version.  Empty `experiment_ids` make it a view of one experiment.
         */
        UpdateView: {
            /** @default null */
            experiment_ids?: string[] | null;
            /** @default null */
            is_default?: boolean | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            state?: Record<string, unknown> | null;
            /** @default null */
            version: number | null;
            /** @default null */
            view_id?: string | null;
        };
        /** Upsert */
        Upsert: {
            /** @default  */
            dataset_id?: string;
            /** @default null */
            records: string | null;
        };
        /** Upserted */
        Upserted: {
            inserted_count: number;
            updated_count: number;
        };
        /**
         * User
         * @description A user of the version, such as an endpoint.
         */
        User: {
            kind: string;
            name: string;
        };
        /** Verified */
        Verified: {
            entries: number;
            /** @default null */
            fault?: string | null;
            is_whole: boolean;
        };
        /**
         * View
         * @description A saved view.  `experiment_id` is the experiment that contains the view: a caller who may write the experiment may change
         *     the view.  `experiment_ids` are the experiments that the view shows together; empty for a view of one experiment.  Each such
         *     set of experiments has one default view at most.
         */
        View: {
            creation_time: number;
            experiment_id: string;
            experiment_ids: string[];
            is_default: boolean;
            last_update_time: number;
            name: string;
            owner: string;
            state: unknown;
            version: number;
            view_id: string;
        };
        /**
         * Views
         * @description Saved views by name.
         */
        Views: {
            views: components["schemas"]["View"][];
        };
        /**
         * Ways
         * @description The ways in which users sign in.
         */
        Ways: {
            /** @default true */
            password?: boolean;
            /** @default [] */
            providers?: components["schemas"]["ShownProvider"][];
        };
        /**
         * Window
         * @description `columns` has an array per column of the call, aligned with `runs`.
         *
         *     `matching` is the number of rows in the requested list, which in a tree are the top rows or the children of one run.
         *     `matching_runs` is the number of runs that match the filter at any level; `total` is the number of runs without the filter.
         */
        Window: {
            columns: (number | string | components["schemas"]["DatasetCell"][] | null)[][];
            matching: number;
            matching_runs: number;
            /** @default null */
            next_page_token?: string | null;
            offset: number | null;
            runs: components["schemas"]["RunRows"];
            snapshot: string;
            total: number;
        };
        /**
         * WindowPart
         * @description `days` such as mon, tue (default all); `start` and `end` such as 22:00; an end before the start is on the next day.
         */
        WindowPart: {
            /** @default null */
            days?: string[] | null;
            /** @default null */
            end?: string | null;
            /** @default null */
            start?: string | null;
        };
        /**
         * Windows
         * @description Windows in the order of time.  `slices` are the monitor's slices that have windows.
         */
        Windows: {
            /** @default [] */
            slices?: string[];
            /** @default [] */
            windows?: components["schemas"]["ShownWindow"][];
        };
        /** WireAggregation */
        WireAggregation: {
            /** @default null */
            aggregation_type?: string | null;
            /** @default null */
            percentile_value?: number | null;
        };
        /** WireAssessment */
        WireAssessment: {
            /** @default null */
            assessment_id?: string | null;
            /** @default null */
            assessment_name?: string | null;
            /** @default null */
            create_time?: string | null;
            /** @default null */
            error?: unknown;
            /** @default null */
            expectation?: components["schemas"]["WireExpectation"] | null;
            /** @default null */
            feedback?: components["schemas"]["WireFeedback"] | null;
            /** @default null */
            issue?: components["schemas"]["WireIssue"] | null;
            /** @default null */
            last_update_time?: string | null;
            /** @default null */
            metadata?: {
                [key: string]: string;
            } | null;
            /** @default null */
            overrides?: string | null;
            /** @default null */
            rationale?: string | null;
            /** @default null */
            source?: components["schemas"]["Source"] | null;
            /** @default null */
            span_id?: string | null;
            /** @default null */
            trace_id?: string | null;
            /** @default null */
            valid?: boolean | null;
        };
        /** WireExpectation */
        WireExpectation: {
            /** @default null */
            serialized_value?: components["schemas"]["Serialized"] | null;
            /** @default null */
            value?: unknown;
        };
        /** WireFeedback */
        WireFeedback: {
            /** @default null */
            error?: unknown;
            /** @default null */
            value?: unknown;
        };
        /** WireIssue */
        WireIssue: {
            /** @default null */
            issue_name?: string | null;
        };
        /** WorkspaceLine */
        WorkspaceLine: {
            deliveries_dead: number;
            deliveries_waiting: number;
            deployments: number;
            experiments: number;
            jobs_waiting: number;
            link_lag_s: number;
            models: number;
            name: string;
            quota_percent?: number;
            running: number;
            runs: number;
            unhealthy: number;
        };
        /**
         * WorkspaceOverview
         * @description `runs`, `jobs` are counts by status; `ended` counts runs that ended in the last 24 hours, by status.
         */
        WorkspaceOverview: {
            alert_rules: number;
            changes_today: number;
            deliveries_dead: number;
            deliveries_waiting: number;
            ended: {
                [key: string]: number;
            };
            /** @default [] */
            endpoints?: components["schemas"]["EndpointLoad"][];
            experiments: number;
            /** @default [] */
            firing?: components["schemas"]["ShownRule"][];
            job_wait_s: number;
            jobs: {
                [key: string]: number;
            };
            /** @default [] */
            links?: components["schemas"]["LinkLag"][];
            models: number;
            /** @default [] */
            quotas?: components["schemas"]["QuotaUse"][];
            runs: {
                [key: string]: number;
            };
        };
        /**
         * WorkspacesDeletion
         * @description The workspaces no longer exist for clients.  `state` is that of the job that removes their rows and files.
         */
        WorkspacesDeletion: {
            cause?: components["schemas"]["ShownCause"];
            job_id: string;
            /** @default  */
            reason?: string;
            state: string;
            workspaces: components["schemas"]["EndedWorkspace"][];
        };
        /**
         * WorkspacesPreview
         * @description `counts` are by noun, over all `workspaces`.  `file_bytes` counts the artifact store.  `confirm` is the name that the user
         *     must type.
         */
        WorkspacesPreview: {
            confirm: string;
            counts: {
                [key: string]: number;
            };
            file_bytes: number;
            /** @default [] */
            kept?: string[];
            /** @default [] */
            obstacles?: components["schemas"]["Obstacle"][];
            title: string;
            token: string;
            workspaces: string[];
        };
    };
    responses: {
        /** @description A fault in MLflow's form */
        Fault: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Fault"];
            };
        };
    };
    parameters: {
        /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
        Workspace: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_api_2_0_mlflow_artifacts_artifacts_path_path: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                /** @description May contain slashes. */
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    put_api_2_0_mlflow_artifacts_artifacts_path_path: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                /** @description May contain slashes. */
                path: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": unknown;
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_2_0_mlflow_artifacts_artifacts_path_path: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                /** @description May contain slashes. */
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_artifacts_list: {
        parameters: {
            query?: {
                path?: string;
                run_id?: string;
                run_uuid?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunListing"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_experiments_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateExperiment"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.experiments.model.Created"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_experiments_delete: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GetExperiment"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_experiments_delete_experiment_tag: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.experiments.model.DeleteTag"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_experiments_get: {
        parameters: {
            query: {
                experiment_id: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.experiments.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_experiments_restore: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GetExperiment"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_experiments_search: {
        parameters: {
            query?: {
                filter?: string;
                max_results?: number;
                order_by?: string[];
                page_token?: string;
                view_type?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.experiments.model.Found"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_experiments_search: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SearchExperiments"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.experiments.model.Found"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_experiments_set_experiment_tag: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.experiments.model.SetTag"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_experiments_update: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateExperiment"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_logged_models_model_id: {
        parameters: {
            query?: {
                allow_deleted?: boolean;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.logged_models.model.GotModel"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_2_0_mlflow_logged_models_model_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_2_0_mlflow_logged_models_model_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FinalizeModel"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.logged_models.model.GotModel"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_logged_models_model_id_artifacts_directories: {
        parameters: {
            query?: {
                artifact_directory_path?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunListing"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_2_0_mlflow_logged_models_model_id_tags: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["trackside.logged_models.model.SetTags"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_2_0_mlflow_logged_models_model_id_tags_tag_key_path: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                model_id: string;
                /** @description May contain slashes. */
                tag_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_logged_models_search: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SearchModels"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.logged_models.model.Found"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_model_versions_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateVersion"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotVersion"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_2_0_mlflow_model_versions_delete_tag: {
        parameters: {
            query: {
                key: string;
                name: string;
                version: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_model_versions_get: {
        parameters: {
            query: {
                name: string;
                version: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotVersion"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_model_versions_search: {
        parameters: {
            query?: {
                filter?: string;
                max_results?: number;
                order_by?: string[];
                page_token?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundVersions"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_model_versions_set_tag: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetVersionTag"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_model_versions_transition_stage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Transition"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotVersion"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_2_0_mlflow_model_versions_update: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateVersion"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotVersion"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_registered_models_alias: {
        parameters: {
            query: {
                alias: string;
                name: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotVersion"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_registered_models_alias: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetAlias"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_2_0_mlflow_registered_models_alias: {
        parameters: {
            query: {
                alias: string;
                name: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_registered_models_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.registry.model.CreateModel"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.registry.model.GotModel"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_2_0_mlflow_registered_models_delete_tag: {
        parameters: {
            query: {
                key: string;
                name: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_registered_models_get: {
        parameters: {
            query: {
                name: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.registry.model.GotModel"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_registered_models_rename: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenameModel"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.registry.model.GotModel"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_registered_models_search: {
        parameters: {
            query?: {
                filter?: string;
                max_results?: number;
                order_by?: string[];
                page_token?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundModels"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_registered_models_set_tag: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetModelTag"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_2_0_mlflow_registered_models_update: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateModel"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.registry.model.GotModel"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_runs_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CreateRun"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotRun"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_runs_delete: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunCall"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_runs_delete_tag: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.runs.model.DeleteTag"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_2_0_mlflow_runs_get: {
        parameters: {
            query: {
                run_id: string;
                run_uuid?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotRun"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_runs_restore: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunCall"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_runs_search: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SearchRuns"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.runs.search.Found"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_runs_set_tag: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.runs.model.SetTag"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_2_0_mlflow_runs_update: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateRun"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.runs.model.GotInfo"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_datasets_dataset_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.evaluation_datasets.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_3_0_mlflow_datasets_dataset_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_datasets_dataset_id_records: {
        parameters: {
            query?: {
                max_results?: number;
                page_token?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.evaluation_datasets.records.Page"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_datasets_dataset_id_records: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Upsert"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upserted"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_3_0_mlflow_datasets_dataset_id_records: {
        parameters: {
            query?: {
                dataset_record_ids?: string[];
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.evaluation_datasets.records.Deleted"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_datasets_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.evaluation_datasets.model.Create"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.evaluation_datasets.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_datasets_search: {
        parameters: {
            query?: {
                experiment_ids?: string[];
                filter_string?: string;
                max_results?: number;
                order_by?: string[];
                page_token?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.evaluation_datasets.model.Found"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_datasets_search: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["trackside.evaluation_datasets.model.Search"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.evaluation_datasets.model.Found"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_issues: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.traces.issues.model.Create"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.issues.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_issues_issue_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                issue_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.issues.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_3_0_mlflow_issues_issue_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                issue_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["trackside.traces.issues.model.Update"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.issues.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_issues_search: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["trackside.traces.issues.model.Search"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.issues.model.Found"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_label_schemas_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.traces.label_schemas.model.Create"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.label_schemas.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_3_0_mlflow_label_schemas_delete: {
        parameters: {
            query: {
                schema_id: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_label_schemas_list: {
        parameters: {
            query: {
                experiment_id: string;
                max_results?: number;
                page_token?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.label_schemas.model.Listed"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_3_0_mlflow_label_schemas_update: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.traces.label_schemas.model.Update"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.label_schemas.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_review_queues_create: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.traces.review_queues.model.Create"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.review_queues.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_review_queues_delete: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OfQueue"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_review_queues_get: {
        parameters: {
            query: {
                queue_id: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.review_queues.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_review_queues_items_add: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.traces.review_queues.model.OfItems"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.review_queues.model.Items"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_review_queues_items_list: {
        parameters: {
            query: {
                max_results?: number;
                page_token?: string;
                queue_id: string;
                status?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.review_queues.model.Items"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_review_queues_items_remove: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RemoveItems"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_review_queues_items_set_status: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetStatus"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneItem"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_review_queues_list: {
        parameters: {
            query: {
                experiment_id: string;
                item_id?: string;
                max_results?: number;
                page_token?: string;
                user?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.review_queues.model.Listed"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_review_queues_update: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.traces.review_queues.model.Update"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.review_queues.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_traces_trace_id_assessments: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.traces.assessments.model.Create"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.assessments.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_traces_trace_id_assessments_assessment_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                assessment_id: string;
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.assessments.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_3_0_mlflow_traces_trace_id_assessments_assessment_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                assessment_id: string;
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_3_0_mlflow_traces_trace_id_assessments_assessment_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                assessment_id: string;
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.traces.assessments.model.Update"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.assessments.model.Got"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_traces_batchGetInfos: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BatchGet"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraceInfos"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_traces_delete_traces: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteTraces"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.traces.model.Deleted"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_3_0_mlflow_traces_get: {
        parameters: {
            query: {
                allow_partial?: boolean;
                trace_id: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneTrace"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_traces_metrics: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueryMetrics"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Points"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_3_0_mlflow_traces_search: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SearchTraces"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Traces"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_access_explain: {
        parameters: {
            query: {
                action: string;
                principal: string;
                scope?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explained"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_alert_rules: {
        parameters: {
            query?: {
                rule_state?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rules"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_alert_rules_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotRule"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    put_api_trackside_v1_alert_rules_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PutRule"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotRule"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_alert_rules_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_artifacts_images: {
        parameters: {
            query?: {
                max_results?: number;
                page_token?: string;
                run_id?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundImages"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_artifacts_page: {
        parameters: {
            query?: {
                path?: string;
                run_id?: string;
                run_uuid?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_artifacts_zip: {
        parameters: {
            query?: {
                path?: string;
                run_id?: string;
                run_uuid?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_audit: {
        parameters: {
            query?: {
                action?: string;
                actor?: string;
                before?: number;
                max_results?: number;
                object_id?: string;
                object_type?: string;
                outcome?: string;
                since?: number;
                until?: number;
                workspace?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.audit.routes.Found"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_audit_export: {
        parameters: {
            query?: {
                action?: string;
                actor?: string;
                format?: string;
                object_id?: string;
                object_type?: string;
                outcome?: string;
                since?: number;
                until?: number;
                workspace?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": unknown;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_audit_verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verified"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_changes: {
        parameters: {
            query?: {
                after?: number;
                before?: number;
                entity?: string;
                entity_id?: string;
                limit?: number;
                names?: boolean;
                user?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedChanges"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_deletions: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.cleanup.model.Delete"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletionResult"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_deletions_preview: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.cleanup.model.Named"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preview"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_deny_assignments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAssignment"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotAssignment"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_drift_incidents: {
        parameters: {
            query?: {
                limit?: number;
                name?: string;
                open?: boolean;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Incidents"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_drift_monitors: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitors"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_drift_monitors: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateMonitor"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotMonitor"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_drift_monitors_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotMonitor"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_drift_monitors_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_trackside_v1_drift_monitors_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateMonitor"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotMonitor"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_drift_monitors_name_report: {
        parameters: {
            query?: {
                slice?: string;
                start?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_drift_monitors_name_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RunMonitor"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotJob"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_drift_monitors_name_windows: {
        parameters: {
            query?: {
                limit?: number;
                since?: string;
                slice?: string;
                until?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Windows"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_drift_monitors_name_windows_start: {
        parameters: {
            query?: {
                slice?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
                start: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotResult"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_endpoints: {
        parameters: {
            query?: {
                max_results?: number;
                page_token?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Endpoints"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_endpoints: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateEndpoint"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotEndpoint"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_endpoints_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotEndpoint"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_endpoints_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_trackside_v1_endpoints_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateEndpoint"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotEndpoint"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    put_api_trackside_v1_endpoints_name_deployments_deployment: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                deployment: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PutDeployment"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotEndpoint"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_endpoints_name_deployments_deployment: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                deployment: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotEndpoint"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_endpoints_name_deployments_deployment_logs: {
        parameters: {
            query?: {
                lines?: number;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                deployment: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.endpoints.model.Log"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_endpoints_name_deployments_deployment_rollback: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                deployment: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotEndpoint"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_endpoints_name_keys: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.endpoints.model.GotKeys"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_endpoints_name_keys: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RegenerateKey"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.endpoints.model.GotKeys"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_endpoints_name_request_log: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotRequestLog"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    put_api_trackside_v1_endpoints_name_request_log: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PutRequestLog"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotRequestLog"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_endpoints_name_request_log: {
        parameters: {
            query?: {
                files?: boolean;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotRequestLog"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_endpoints_name_request_log_rows: {
        parameters: {
            query?: {
                deployment?: string;
                limit?: number;
                since?: string;
                until?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rows"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_endpoints_name_traffic: {
        parameters: {
            query?: {
                minutes?: number;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotTraffic"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_experiments_experiment_id_views: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                experiment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Views"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_experiments_experiment_id_views: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                experiment_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateView"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotView"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_experiments_run_totals: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CountRuns"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Totals"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_filters_check: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CheckFilter"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckedFilter"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_groups: {
        parameters: {
            query?: {
                max_results?: number;
                page_token?: string;
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedGroups"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_groups: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewGroup"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotGroup"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_groups_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotGroup"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_groups_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_groups_name_members: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OfMember"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotGroup"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_groups_name_members_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                member: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotGroup"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_holds: {
        parameters: {
            query?: {
                id?: string;
                kind?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Holds"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_holds: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceHold"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotHold"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_holds: {
        parameters: {
            query: {
                id?: string;
                kind: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_imports: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedImports"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_imports: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartImport"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotImport"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_imports_import_id_cancel: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                import_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotImport"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_job_kinds: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobKinds"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_job_queue: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotQueue"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_trackside_v1_job_queue: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateQueue"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotQueue"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_job_schedule_times: {
        parameters: {
            query?: {
                cron?: string;
                interval_s?: number;
                timezone?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleTimes"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_job_schedules: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedules"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_job_schedules: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSchedule"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotSchedule"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_job_schedules_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotSchedule"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_job_schedules_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_trackside_v1_job_schedules_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateSchedule"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotSchedule"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_job_schedules_name_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotJob"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_jobs: {
        parameters: {
            query?: {
                kind?: string;
                max_results?: number;
                page_token?: string;
                schedule?: string;
                state?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.jobs.model.Jobs"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_jobs: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateJob"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotJob"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_jobs_job_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotJob"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_jobs_job_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_jobs_job_id_cancel: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotJob"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_jobs_job_id_logs: {
        parameters: {
            query?: {
                cursor?: number;
                lines?: number;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.jobs.model.Log"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_jobs_job_id_retry: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotJob"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_links: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.links.model.Listed"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_links: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddLink"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotLink"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_links_name: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotLink"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_links_name: {
        parameters: {
            query?: {
                copies?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotLink"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_links_name_check: {
        parameters: {
            query?: {
                after?: string;
                verify?: boolean;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.links.check.Page"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_links_name_log: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundLog"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_links_name_pause: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotLink"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_links_name_resume: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ResumeLink"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotLink"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_links_name_sync: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SyncCall"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotLink"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_live: {
        parameters: {
            query?: {
                after?: number;
                experiment_id?: string[];
                run_id?: string[];
                wait_s?: number;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LiveChanges"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": unknown;
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedOut"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.identity.calls.Me"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_me_actions: {
        parameters: {
            query?: {
                scope?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyActions"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_me_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePassword"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_me_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedSessions"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_me_sessions_session_id: {
        parameters: {
            query?: {
                name?: string;
            };
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_me_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedTokens"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_me_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeToken"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_model_versions_name_version_lineage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lineage"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_model_versions_name_version_stage_requests: {
        parameters: {
            query?: {
                status?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Requests"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_model_versions_name_version_stage_requests: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Ask"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotRequest"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_model_versions_name_version_stage_requests_request_id_approve: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
                request_id: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Decide"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approved"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_model_versions_name_version_stage_requests_request_id_reject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
                request_id: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Decide"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotRequest"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_orphans: {
        parameters: {
            query?: {
                kind?: string;
                max_results?: number;
                page_token?: string;
                side?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Orphans"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_orphans_quarantine: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Quarantined"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_overview: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkspaceOverview"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_quotas: {
        parameters: {
            query?: {
                scope?: string;
                subject?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Quotas"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    put_api_trackside_v1_quotas: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetQuota"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotQuota"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_quotas: {
        parameters: {
            query: {
                measure: string;
                scope: string;
                subject?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_registered_models: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.registry.model.Register"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotVersion"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_registered_models_name_history: {
        parameters: {
            query?: {
                alias?: string;
                kind?: string;
                max_results?: number;
                page_token?: string;
                version?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.registry.own_routes.History"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_registry_stages: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stages"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    put_api_trackside_v1_registry_stages: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetStages"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stages"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_retention_preview: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RetentionCall"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetentionPreview"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_role_assignments: {
        parameters: {
            query?: {
                inherited?: boolean;
                max_results?: number;
                page_token?: string;
                principal?: string;
                scope?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedAssignments"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_role_assignments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAssignment"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotAssignment"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_role_assignments_assignment_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                assignment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_roles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedRoles"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_roles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.access.drafts.NewRole"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.access.routes.GotRole"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_roles_role_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.access.routes.GotRole"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    put_api_trackside_v1_roles_role_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                role_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.access.drafts.NewRole"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.access.routes.GotRole"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_roles_role_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_roles_check: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.access.drafts.NewRole"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checked"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_runs_run_id_models: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunModels"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_runs_run_id_relations: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relations"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_runs_bulk: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ChangeRuns"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Changed"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_runs_columns: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ListColumns"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Columns"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_runs_export: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ExportRuns"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": unknown;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_runs_groups: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["GroupRuns"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Groups"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_runs_table: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RunsTable"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Window"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_server_overview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerOverview"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ways"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_sign_in_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Begin"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Begun"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_stage_requests: {
        parameters: {
            query?: {
                max_results?: number;
                page_token?: string;
                status?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Requests"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_storage: {
        parameters: {
            query?: {
                age?: string;
                by?: string;
                experiment_id?: string;
                kind?: string;
                max_results?: number;
                user?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Storage"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_traces_sessions: {
        parameters: {
            query: {
                experiment_id: string;
                max_results?: number;
                page_token?: string;
                search?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sessions"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_trash: {
        parameters: {
            query?: {
                kind?: string;
                max_results?: number;
                older_than_days?: number;
                page_token?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trash"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_trash_restore: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Restore"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_users: {
        parameters: {
            query?: {
                kind?: string;
                max_results?: number;
                page_token?: string;
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.identity.calls.ListedUsers"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.identity.calls.NewUser"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.identity.calls.GotUser"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_users_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.identity.calls.GotUser"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_users_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_trackside_v1_users_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ChangeUser"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.identity.calls.GotUser"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_users_name_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedSessions"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_users_name_sessions_session_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_users_name_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedTokens"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_users_name_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeToken"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_views_view_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                view_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotView"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_views_view_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                view_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_trackside_v1_views_view_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                view_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateView"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotView"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_webhooks: {
        parameters: {
            query?: {
                max_results?: number;
                page_token?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.webhooks.model.ListedOurs"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_webhooks: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateOurs"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.webhooks.model.GotOurs"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_webhooks_webhook_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.webhooks.model.GotOurs"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_webhooks_webhook_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_trackside_v1_webhooks_webhook_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UpdateOurs"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.webhooks.model.GotOurs"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_webhooks_webhook_id_deliveries: {
        parameters: {
            query?: {
                before?: number;
                limit?: number;
                state?: string;
            };
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedDeliveries"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_webhooks_webhook_id_deliveries_delivery_id_redeliver: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                delivery_id: string;
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Again"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_webhooks_webhook_id_redeliver: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Again"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_webhooks_webhook_id_test: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if omitted. The path prefix /ws/NAME selects it too. */
                "X-MLFLOW-WORKSPACE"?: components["parameters"]["Workspace"];
            };
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TestOurs"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tested"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_workspace_deletions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.cleanup.workspaces.model.Delete"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkspacesDeletion"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_workspace_deletions_job_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkspacesDeletion"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_workspace_deletions_preview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["trackside.cleanup.workspaces.model.Named"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkspacesPreview"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_workspaces: {
        parameters: {
            query?: {
                resource_group?: string;
                subscription_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.workspaces.routes.ListedOurs"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    post_api_trackside_v1_workspaces: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["trackside.workspaces.routes.Create"];
            };
        };
        responses: {
            /** @description Success */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.workspaces.routes.GotOurs"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    get_api_trackside_v1_workspaces_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.workspaces.routes.GotOurs"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    delete_api_trackside_v1_workspaces_name: {
        parameters: {
            query?: {
                mode?: string;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
    patch_api_trackside_v1_workspaces_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["trackside.workspaces.routes.Update"];
            };
        };
        responses: {
            /** @description Success */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["trackside.workspaces.routes.GotOurs"];
                };
            };
            400: components["responses"]["Fault"];
            404: components["responses"]["Fault"];
            default: components["responses"]["Fault"];
        };
    };
}
