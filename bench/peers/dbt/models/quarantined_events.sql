{{ config(materialized='view') }}
SELECT * FROM {{ ref('judged_events') }} WHERE violation IS NOT NULL
