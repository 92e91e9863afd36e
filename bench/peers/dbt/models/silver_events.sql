{{ config(materialized='view') }}
SELECT * EXCLUDE (violation, raw_payload) FROM {{ ref('judged_events') }} WHERE violation IS NULL
