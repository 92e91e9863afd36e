-- Which lake this is, so that the high-water mark beside the file (src/lake/mark.h) and backups know theirs. One row. The generation is one more
-- after each recovery or restore: what was written about an earlier one may not hold any more.
CREATE TABLE lake_identity (lake_id VARCHAR NOT NULL, generation BIGINT NOT NULL, made_at TIMESTAMPTZ NOT NULL);
INSERT INTO lake_identity VALUES (uuid()::VARCHAR, 1, now());
