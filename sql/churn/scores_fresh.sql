SELECT (SELECT count(*) FROM scores_fresh) > (SELECT count(*) FROM scores_base) // 8
