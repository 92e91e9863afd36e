-- Whether the model that was declared before is of other ids than $1, the column of the id.
SELECT count(*) FROM gold_entities WHERE risk_title IS NOT NULL AND key_column <> $1
