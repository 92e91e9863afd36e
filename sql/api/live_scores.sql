-- Of an entity by its id, from base or delta of the scores.
SELECT churn_probability, risk_band, reasons, model_id, scored_at, log_odds, reasons_bias, reasons_rest FROM {{table}} WHERE entity_id = decode({{id}})
