-- Which lake this is, so that the high-water mark beside the file (src/lake/mark.h) and backups know theirs. One row. The generation is one more
-- after each recovery or restore: what was written about an earlier one may not hold any more. smelt_version is of whoever migrated last, so that
-- an older one can say what is needed.
CREATE TABLE lake_identity (lake_id VARCHAR NOT NULL, generation BIGINT NOT NULL, made_at TIMESTAMPTZ NOT NULL, smelt_version VARCHAR);
INSERT INTO lake_identity VALUES (uuid()::VARCHAR, 1, now(), NULL);
