DELETE FROM scores_base; DELETE FROM scores_fresh;
