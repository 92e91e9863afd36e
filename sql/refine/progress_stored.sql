-- $1: the last batch that Silver and Gold contain, $2: digest of the contracts, $3: of the features and their SQL, $4: of what people call them.
-- The row is deleted and inserted: an update would wait for a checkpoint which runs beside (src/lake/checkpoint.c). One statement, since it is
-- not always in a transaction.
MERGE INTO refine_progress AS old USING (SELECT true AS is_old UNION ALL SELECT false) AS new ON new.is_old
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED AND NOT new.is_old THEN INSERT (batch_id, contracts_sha256, features_sha256, declared_sha256, refined_at) VALUES ($1, $2, $3, $4, now())
