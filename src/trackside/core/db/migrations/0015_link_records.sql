-- The records of evaluation datasets that both sides of a link have, by the hash of their inputs.  `digest` is what both
-- agreed on; `record_id` is of ours, since one that was deleted and made anew with the same inputs is another record.
CREATE TABLE link_records (
    workspace_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    dataset_id {{KEYTEXT}} NOT NULL, -- ours
    input_hash {{KEYTEXT}} NOT NULL,
    digest {{KEYTEXT}} NOT NULL,
    record_id {{KEYTEXT}} NOT NULL,
    PRIMARY KEY (link_id, dataset_id, input_hash)
) {{CLUSTERED}};
