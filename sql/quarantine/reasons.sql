-- Why a message is no event, for people: bronze_rejects.reason in words.
CREATE OR REPLACE TEMP MACRO reject_words(reason) AS 'the message ' || CASE reason
    WHEN 'empty' THEN 'is empty'
    WHEN 'tombstone' THEN 'has no value: a tombstone'
    WHEN 'not_json' THEN 'is not JSON'
    WHEN 'not_utf8' THEN 'is not UTF-8'
    WHEN 'not_object' THEN 'is JSON, but not an object'
    WHEN 'bad_id' THEN 'has no id of the event, or one that is empty, an object or a list'
    WHEN 'bad_source' THEN 'has no source, or one that is empty, an object or a list'
    WHEN 'bad_timestamp' THEN 'has a time that is not in the form that its contract says (without one: 2026-11-20T10:00:00Z), or beyond the years 0001 to 9999'
    WHEN 'repeated_field' THEN 'has a field of the envelope more than once'
    WHEN 'too_large' THEN 'is too large: at most 32 MiB are an event'
    ELSE 'is no event'
END;
