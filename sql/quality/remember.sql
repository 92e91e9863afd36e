INSERT INTO quality_state (measured_at, after_batch, upto_batch, event_type, rule, field, metric, events, failed, "value", must, holds, severity)
VALUES (now(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
