UPDATE lake_identity SET lake_id = $1, generation = $2
