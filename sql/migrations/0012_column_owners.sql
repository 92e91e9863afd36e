-- Whose the columns of silver_clean_events are. A property that no contract has any more keeps its column.
CREATE TABLE column_owners (
    column_name VARCHAR NOT NULL,
    event_type VARCHAR NOT NULL,
    topic VARCHAR NOT NULL, -- '': the contract holds for any
    property VARCHAR NOT NULL -- of the payload, as in the message
);
