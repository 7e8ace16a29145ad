-- How pages show the runs of an experiment.  `state` is the page's own JSON.
CREATE TABLE saved_views (
    view_seq {{AUTOKEY}},
    workspace_id BIGINT NOT NULL,
    experiment_seq BIGINT NOT NULL,
    view_id {{KEYTEXT}} NOT NULL,
    name {{KEYTEXT}} NOT NULL,
    state TEXT NOT NULL,
    is_default BIGINT NOT NULL,
    owner TEXT NOT NULL,
    version BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL
);
CREATE UNIQUE INDEX saved_views_by_id ON saved_views (workspace_id, view_id);
CREATE UNIQUE INDEX saved_views_by_name ON saved_views (experiment_seq, name);
