-- $1: the last batch that Silver and Gold contain, $2: digest of the contracts, $3: of the features and their SQL, $4: of what people call them.
UPDATE refine_progress SET batch_id = $1, contracts_sha256 = $2, features_sha256 = $3, declared_sha256 = $4, refined_at = now()
