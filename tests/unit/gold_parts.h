/* gold_parts.h: Gold as refine keeps it, around a base that a test has made: `gold_features_base`, whose last column is refined_batch. */
#pragma once

#define GOLD_VIEW                                                                                                                          \
    "CREATE OR REPLACE VIEW gold_subscriber_features AS SELECT * EXCLUDE (refined_batch) FROM gold_features_base ANTI JOIN "               \
    "gold_features_fresh USING (subscriber_id) UNION ALL SELECT * EXCLUDE (refined_batch) FROM gold_features_fresh;"

/* To be run again when the base has other columns. */
#define GOLD_PARTS                                                                                                                         \
    "CREATE OR REPLACE TABLE gold_features_fresh AS FROM gold_features_base LIMIT 0;"                                                      \
    "CREATE OR REPLACE TABLE gold_base AS SELECT uuid() AS base_id, uuid() AS features_id;" GOLD_VIEW
