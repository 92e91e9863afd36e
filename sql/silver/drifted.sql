SELECT count(*) FROM refine_suspects WHERE len(drift) > 0
