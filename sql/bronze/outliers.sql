-- The distinct times outside the dense part of the batch.
SELECT DISTINCT event_timestamp FROM staged
WHERE reject_reason IS NULL AND (event_timestamp < {{from}} OR event_timestamp >= {{to}});
