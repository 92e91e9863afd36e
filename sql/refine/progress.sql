-- What the last refine left. $1: digest of the contracts, $2: of the features and their SQL, $3: of what people call them.
SELECT batch_id, contracts_sha256 IS NOT NULL AS has_contracts, coalesce(contracts_sha256 = $1, false) AS same_contracts,
       coalesce(features_sha256 = $2, false) AS same_features, coalesce(declared_sha256 = $3, false) AS same_declared,
       EXISTS (FROM column_owners) AS has_owners
FROM refine_progress
