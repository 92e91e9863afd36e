-- Hours that are more than a week old become days.
CREATE OR REPLACE TEMP TABLE quality_merged AS
SELECT layer, CASE WHEN hour < epoch_us(now()) // 3600000000 - 168 THEN hour // 24 * 24 ELSE hour END AS hour, rule, field, event_type, "source",
       sum(events)::BIGINT AS events
FROM quality_hours GROUP BY ALL;
DELETE FROM quality_hours;
INSERT INTO quality_hours (layer, hour, rule, field, event_type, "source", events)
SELECT layer, hour, rule, field, event_type, "source", events FROM quality_merged ORDER BY hour;
UPDATE quality_progress SET merged_rows = (SELECT count(*) FROM quality_merged);
DROP TABLE quality_merged;
