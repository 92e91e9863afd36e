-- What the lake keeps of a generation, which is still attached.
DELETE FROM history WHERE generation = {{generation}};
INSERT INTO history (made_at, generation, total, scored, high, medium, low, at_risk, "value", value_at_risk, landed, duplicates, rejected, gaps, conflicts,
    silver, quarantined, pending, arrival_p50_s, arrival_p95_s, publish_p50_s, publish_p95_s, model_id, contracts_sha256, features_sha256, smelt_version)
SELECT made_at, generation, total, scored, high, medium, low, at_risk, "value", value_at_risk, landed, duplicates, rejected, gaps, conflicts,
    silver, quarantined, pending, arrival_p50_s, arrival_p95_s, publish_p50_s, publish_p95_s, model_id, contracts_sha256, features_sha256, smelt_version
FROM snapshot_out.history WHERE generation = {{generation}};
