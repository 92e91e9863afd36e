-- When half or more of the departures since the day {{first}}, in which the history begins, are of ids that Gold does not have: a sentence.
SELECT format('{} of {} departures since the beginning of the history are of ids that Gold does not have, as {}: nothing is learned of them',
              count_if(unknown), count(*), min(entity_id) FILTER (unknown))
FROM (SELECT entity_id, {{key}} NOT IN (SELECT {{key}}::VARCHAR FROM {{view}}) AS unknown FROM churn_left WHERE left_us >= {{first}} * 86400000000)
HAVING 2 * count_if(unknown) >= count(*) AND count(*) > 0
