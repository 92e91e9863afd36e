-- The newest losses, at most $1; without the paths of files.
SELECT CASE WHEN starts_with(topic, 'file:') THEN '(file)' ELSE topic END AS topic, epoch, "partition", first_offset, next_offset, reason, noticed_at
FROM serving_losses ORDER BY noticed_at DESC, topic, epoch, "partition", first_offset LIMIT $1
