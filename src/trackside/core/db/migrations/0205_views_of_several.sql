-- Before 0204, the web UI listed the experiments of a view of several in its state: {"query":"…","experiments":["1","2"]}.
-- Without the other experiments the view would show its first experiment alone.  Text functions: JSON functions of PostgreSQL
-- raise errors for some texts, such as \u0000.
UPDATE saved_views SET experiment_ids = COALESCE((
    SELECT
{{SQLITE}}    ',' || group_concat(x.id, ',') || ','
{{POSTGRESQL}}    ',' || string_agg(x.id, ',' ORDER BY CAST(x.id AS BIGINT)) || ','
    FROM (
        SELECT CAST(e.experiment_id AS TEXT) AS id FROM experiments e
        WHERE e.workspace_id = saved_views.workspace_id
{{SQLITE}}        AND instr(substr(state, instr(state, '"experiments":['), instr(substr(state, instr(state, '"experiments":[')), ']')), '"' || e.experiment_id || '"') > 0
{{POSTGRESQL}}        AND strpos(substr(state, strpos(state, '"experiments":['), strpos(substr(state, strpos(state, '"experiments":[')), ']')), '"' || e.experiment_id || '"') > 0
        ORDER BY e.experiment_id
    ) x
), '') WHERE experiment_ids = '' AND state LIKE '%"experiments":[%';
UPDATE saved_views SET experiment_ids = '' WHERE experiment_ids <> '' AND (
    experiment_ids NOT LIKE ',%,%,' OR NOT EXISTS (
        SELECT 1 FROM experiments e WHERE e.experiment_seq = saved_views.experiment_seq
            AND saved_views.experiment_ids LIKE '%,' || e.experiment_id || ',%'
    )
);
