-- The number of api/passed_ranked for the ids of one page, $1: a JSON array.
SELECT coalesce(bit_xor(hash(id) >> 1), 0)::BIGINT FROM (SELECT unnest(from_json($1::VARCHAR, '["VARCHAR"]')) AS id)
