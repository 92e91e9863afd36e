-- The distinct times outside the dense part of the batch.
SELECT DISTINCT event_timestamp FROM staged WHERE event_timestamp < {{from}} OR event_timestamp >= {{to}};
