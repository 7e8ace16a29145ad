-- Artifact roots of deleted workspaces: files stay there, so no later workspace may have the same root.
CREATE TABLE former_roots (
    root {{KEYTEXT}} PRIMARY KEY
);
