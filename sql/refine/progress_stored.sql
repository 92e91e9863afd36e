-- $1: the last batch that Silver and Gold contain, $2: digest of the contracts, $3: of the features and their SQL, $4: of what people call them.
INSERT INTO refine_progress (batch_id, contracts_sha256, features_sha256, declared_sha256, refined_at) VALUES ($1, $2, $3, $4, now())
