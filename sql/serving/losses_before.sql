-- Of a snapshot that was written before it had the losses: not known, so none.
CREATE OR REPLACE TEMP VIEW serving_losses AS
SELECT NULL::VARCHAR AS topic, NULL::INTEGER AS epoch, NULL::INTEGER AS "partition", NULL::BIGINT AS first_offset, NULL::BIGINT AS next_offset,
    NULL::VARCHAR AS reason, NULL::TIMESTAMPTZ AS noticed_at, NULL::BIGINT AS lost_in_all WHERE false;
