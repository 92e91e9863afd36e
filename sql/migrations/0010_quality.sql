-- Rules about many events: what each refine measured of the events that it added to Silver. The newest of each rule is in quality_state as well, so
-- that nothing reads the history to know how things are.
CREATE TABLE quality_history (
    measured_at TIMESTAMPTZ NOT NULL,
    after_batch BIGINT NOT NULL, -- of the events with after_batch < batch_id <= upto_batch
    upto_batch BIGINT NOT NULL,
    event_type VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    field VARCHAR NOT NULL, -- '' : of the whole event
    metric VARCHAR NOT NULL, -- nullValues, missingValues, invalidValues, duplicateValues, rowCount
    events BIGINT NOT NULL, -- of the type
    failed BIGINT NOT NULL, -- of them; of rowCount all that Silver has
    "value" DOUBLE NOT NULL, -- what is compared: failed, or percent of events
    must VARCHAR NOT NULL,
    holds BOOLEAN NOT NULL,
    severity VARCHAR NOT NULL -- error, warning
);
CREATE TABLE quality_state AS FROM quality_history;
