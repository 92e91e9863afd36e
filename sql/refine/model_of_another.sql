-- Whether the model that was declared before is of another entity than $2 with the ids $1; one of the two may have a new name.
SELECT count(*) FROM gold_entities WHERE risk_title IS NOT NULL AND key_column <> $1 AND entity <> $2
