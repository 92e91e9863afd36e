SELECT risk_band, count(*) FROM entity_scores GROUP BY ALL
