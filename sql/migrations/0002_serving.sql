-- What publish keeps between generations, so that its cost is that of the new batches: events an hour, and the newest event seen so far.
CREATE TABLE serving_hour_counts (hour BIGINT NOT NULL, event_type VARCHAR NOT NULL, events BIGINT NOT NULL); -- hours since 1970, UTC
CREATE TABLE serving_progress (batch_id BIGINT NOT NULL, newest_event_at TIMESTAMPTZ);
INSERT INTO serving_progress VALUES (0, NULL);
