SELECT risk_band, count(*), max(scored_at) FROM entity_scores GROUP BY ALL
