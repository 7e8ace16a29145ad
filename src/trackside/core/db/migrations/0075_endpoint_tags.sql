-- What users note at an endpoint: tags that change, and properties that stay; both are JSON objects of text.

ALTER TABLE endpoints ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
ALTER TABLE endpoints ADD COLUMN properties TEXT NOT NULL DEFAULT '{}';
