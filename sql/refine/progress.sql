-- What the last refine left. $1: digest of the contracts, $2: of the features and their SQL.
SELECT batch_id, contracts_sha256 IS NOT NULL AS has_contracts, coalesce(contracts_sha256 = $1, false) AS same_contracts,
       coalesce(features_sha256 = $2, false) AS same_features
FROM refine_progress
