-- Schemas of a registry, kept for ever since their ids never change: a lake can read its topics again when the registry is gone.
-- reference_texts: the schemas that it refers to, each before those that need it.
CREATE TABLE schemas (
    registry VARCHAR NOT NULL, schema_id BIGINT NOT NULL, schema_type VARCHAR NOT NULL, schema_text VARCHAR NOT NULL,
    reference_texts JSON NOT NULL, fetched_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (registry, schema_id)
);

-- The bytes of an event that came in another encoding than JSON, with the prefix that has the id of its schema. NULL: it came as JSON.
ALTER TABLE bronze_raw_events ADD COLUMN raw_value BLOB;

CREATE OR REPLACE MACRO encoding_hint(bytes) AS CASE
    WHEN bytes[1:2] IN ('\xFF\xFE'::BLOB, '\xFE\xFF'::BLOB) OR bytes[1:4] IN ('{\x00"\x00'::BLOB, '\x00{\x00"'::BLOB) THEN 'UTF-16 text: the sender must write UTF-8'
    WHEN bytes[1:1] = '\x00'::BLOB AND octet_length(bytes) >= 5
        THEN 'begins with the prefix of a Schema Registry serializer: for Avro set kafka.format to avro'
    WHEN bytes[1:2] = '\x1F\x8B'::BLOB THEN 'compressed with gzip before it was sent: leave compression to the producer (compression.type)'
    WHEN bytes[1:4] = '\x28\xB5\x2F\xFD'::BLOB THEN 'compressed with zstd before it was sent: leave compression to the producer (compression.type)'
    WHEN bytes[1:3] = '\xEF\xBB\xBF'::BLOB THEN 'begins with a byte order mark: the sender must leave it out'
    WHEN bytes[1:4] = 'Obj\x01'::BLOB THEN 'an Avro file: the sender must write JSON'
    WHEN bytes[1:1] = '<'::BLOB THEN 'XML or HTML: the sender must write JSON'
    WHEN bytes[1:2] = '"{'::BLOB THEN 'JSON inside a JSON text: the sender has serialized it twice'
END;

-- What is known of a message that is no event. NULL: nothing.
CREATE MACRO schema_id_of(bytes) AS ('0x' || hex(bytes[2:5]))::BIGINT;
CREATE MACRO reject_hint(reason, bytes) AS CASE reason
    WHEN 'no_schema_id' THEN coalesce(encoding_hint(bytes), 'does not begin with the id of a schema: the sender must use a Schema Registry serializer')
    WHEN 'unknown_schema' THEN format('the schema registry has no schema with the id {}', schema_id_of(bytes))
    WHEN 'unusable_schema' THEN format('its schema, {}, cannot be used: the log of ingest says why', schema_id_of(bytes))
    WHEN 'not_avro' THEN format('its bytes do not fit its schema, {}', schema_id_of(bytes))
    WHEN 'not_a_number' THEN 'has a NaN or an infinite number, which JSON cannot say'
    ELSE encoding_hint(bytes)
END;
