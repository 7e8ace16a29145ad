-- The previews of a trace's input and output, together: a JSON array of two texts, compressed by Zstandard where that saves something.
-- Rows that are written from here on have no `request_preview` and `response_preview`.
ALTER TABLE traces ADD COLUMN previews {{BYTES}};
