-- $1 risk band or NULL, $2 prefix of the id or NULL, $3 and $4 rank and id (its bytes) of the last row of the page before or NULL, $5 rows: one more than a page has.
-- Subscribers without a score follow those with one, first the ones that Gold's rule marks.
SELECT subscriber_id, churn_probability, risk_band, reasons, scored_at, churn_label, total_events, avg_bill_zmw, max_days_overdue,
       avg_signal_dbm, avg_latency_ms, rank
FROM (SELECT *, coalesce(churn_probability, churn_label - 2.0, -3.0)::DOUBLE AS rank FROM api_subscribers)
WHERE ($1::VARCHAR IS NULL OR coalesce(risk_band, 'unscored') = $1::VARCHAR)
  AND ($2::VARCHAR IS NULL OR starts_with(subscriber_id, $2::VARCHAR) OR starts_with(subscriber_id, upper($2::VARCHAR)))
  AND ($3::DOUBLE IS NULL OR rank < $3::DOUBLE OR (rank = $3::DOUBLE AND subscriber_id > decode($4::BLOB)))
ORDER BY rank DESC, subscriber_id
LIMIT $5
