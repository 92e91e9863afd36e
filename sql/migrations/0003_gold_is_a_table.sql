-- gold_subscriber_features was a view over Gold's state. The next refine makes it a table, which it keeps fresh from then on.
DROP VIEW IF EXISTS gold_subscriber_features;
