UPDATE lake_identity SET lake_id = coalesce($1, lake_id), generation = greatest(generation, $2) + 1;
