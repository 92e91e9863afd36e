SELECT risk_band, count(*) FROM subscriber_scores GROUP BY ALL
