-- What happened to each entity after the day T: -1 has left before T + gap, 1 leaves in the horizon after it, 0 stays. It leaves on its last active day
-- before more than `silence` days without an event. days: '0110', from {{first}} on, of which {{before}} are before T + gap.
CREATE OR REPLACE TEMP TABLE churn_outcomes AS
SELECT {{key}}, CASE WHEN contains(left(days, {{before}} + {{silence}}), '1' || repeat('0', {{silence}})) THEN -1
                     WHEN contains(substr(days, {{before}} + 1, {{horizon}} + {{silence}}), '1' || repeat('0', {{silence}})) THEN 1
                     ELSE 0 END AS outcome
FROM (SELECT {{key}}, bitstring_agg(day, {{first}}, {{last}})::VARCHAR AS days FROM model_days
      WHERE day BETWEEN {{first}} AND {{last}} AND known < {{known}} AND upto <= {{upto}} AND events_n > 0 GROUP BY {{key}})
