// Made by `make web-types` from the server's OpenAPI document: the calls that src/ names.

export interface paths {
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
    "/api/2.0/mlflow/metrics/get-history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A run or key that is not there has no points: 200, as on stock. */
        get: operations["get_api_2_0_mlflow_metrics_get_history"];
        put?: never;
        post?: never;
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** Alias */
        Alias: {
            alias: string;
            version: string;
        };
        /**
         * Column
         * @description `field` names it in other calls; null: no text can.  `runs` counts those of the sample that have a value.
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
        /** Dataset */
        Dataset: {
            digest: string;
            name: string;
            profile?: string;
            schema?: string;
            source: string;
            source_type: string;
        };
        /** DatasetInput */
        DatasetInput: {
            dataset: components["schemas"]["Dataset"];
            /** @default [] */
            tags?: components["schemas"]["KeyValue"][];
        };
        Fault: {
            error_code: string;
            message: string;
        };
        /** FoundModels */
        FoundModels: {
            /** @default null */
            next_page_token?: string | null;
            /** @default [] */
            registered_models?: components["schemas"]["RegisteredModel"][];
        };
        /** GotRun */
        GotRun: {
            run: components["schemas"]["Run"];
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
        /** KeyValue */
        KeyValue: {
            key: string;
            value: string;
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
        /**
         * LiveChange
         * @description What happened to one entity since the cursor.
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
        /**
         * MetricOfGroup
         * @description Over the runs of a group whose value is a finite number; `odd` counts those whose value is none.
         */
        MetricOfGroup: {
            max: number | null;
            mean: number | null;
            min: number | null;
            odd: number;
            runs: number;
            sd: number | null;
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
         * @description Numbers are strings on MLflow's wire; a description that was never given is absent, an empty one is not.
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
         * RegisteredModel
         * @description `latest_versions` is the highest version of each stage.
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
        /** Run */
        Run: {
            data: components["schemas"]["RunData"];
            info: components["schemas"]["RunInfo"];
            inputs: components["schemas"]["RunInputs"];
            outputs?: components["schemas"]["RunOutputs"];
        };
        /** RunData */
        RunData: {
            /** @default [] */
            metrics?: components["schemas"]["trackside.runs.model.Metric"][];
            /** @default [] */
            params?: components["schemas"]["KeyValue"][];
            /** @default [] */
            tags?: components["schemas"]["KeyValue"][];
        };
        /**
         * RunGroup
         * @description `filter` selects the runs of the group; null: no filter can.
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
        /** RunOutputs */
        RunOutputs: {
            /** @default [] */
            model_outputs?: components["schemas"]["ModelOutput"][];
        };
        /**
         * RunRows
         * @description One array per attribute, all of one length.
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
        /** Got */
        "trackside.experiments.model.Got": {
            experiment: components["schemas"]["trackside.experiments.model.Experiment"];
        };
        /** Tag */
        "trackside.experiments.model.Tag": {
            key: string;
            value: string;
        };
        /** Tag */
        "trackside.registry.model.Tag": {
            key: string;
            value: string;
        };
        /** History */
        "trackside.runs.history.History": {
            /** @default [] */
            metrics?: components["schemas"]["trackside.runs.model.Metric"][];
            /** @default null */
            next_page_token?: string | null;
        };
        /** Metric */
        "trackside.runs.model.Metric": {
            key: string;
            step: number;
            timestamp: number;
            value: number | string;
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
        /**
         * Window
         * @description `columns` has an array per column of the call, aligned with `runs`.
         */
        Window: {
            columns: (number | string | null)[][];
            matching: number;
            /** @default null */
            next_page_token?: string | null;
            offset: number | null;
            runs: components["schemas"]["RunRows"];
            snapshot: string;
            total: number;
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
        /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
        Workspace: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_api_2_0_mlflow_experiments_get: {
        parameters: {
            query: {
                experiment_id: string;
            };
            header?: {
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
    get_api_2_0_mlflow_metrics_get_history: {
        parameters: {
            query: {
                max_results?: number;
                metric_key: string;
                page_token?: string;
                run_id: string;
                run_uuid?: string;
            };
            header?: {
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
                    "application/json": components["schemas"]["trackside.runs.history.History"];
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
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
    get_api_2_0_mlflow_runs_get: {
        parameters: {
            query: {
                run_id: string;
                run_uuid?: string;
            };
            header?: {
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
    get_api_trackside_v1_live: {
        parameters: {
            query?: {
                after?: number;
                experiment_id?: string[];
                run_id?: string[];
                wait_s?: number;
            };
            header?: {
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
    post_api_trackside_v1_runs_columns: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
    post_api_trackside_v1_runs_groups: {
        parameters: {
            query?: never;
            header?: {
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
                /** @description The workspace; the default one if it is left out. The path prefix /ws/NAME says the same. */
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
}
