
ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, last_offset = excluded.last_offset, leader_epoch = excluded.leader_epoch, topic_id = excluded.topic_id, cluster_id = excluded.cluster_id, updated_at = excluded.updated_at;
