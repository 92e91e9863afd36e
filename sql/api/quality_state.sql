SELECT event_type, rule, nullif(field, '') AS field, metric, must, "value", holds, severity, measured_at FROM quality_state
ORDER BY holds, severity, event_type, rule, quality_state.field LIMIT 500
