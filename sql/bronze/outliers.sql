-- The events outside the dense part of the batch: they are looked for in Bronze several times.
CREATE OR REPLACE TEMP TABLE outliers AS
SELECT place, source_system, event_id, event_timestamp FROM staged WHERE event_timestamp < {{from}} OR event_timestamp >= {{to}};
