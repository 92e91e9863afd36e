-- How many events one group ever had; NULL: there is no such group. $1: layer, $2: rule, $3: field, '' of a whole message.
SELECT sum(events)::BIGINT FROM serving_quality_hours WHERE layer = $1 AND rule = $2 AND field = $3
