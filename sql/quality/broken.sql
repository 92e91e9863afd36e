-- One row: the rules about many events that do not hold, as they were measured last.
SELECT to_json(list({'event_type': event_type, 'rule': rule, 'must': must, 'value': "value", 'severity': severity, 'measured_at': measured_at}
                    ORDER BY severity, event_type, rule)) AS broken
FROM quality_state WHERE NOT holds
