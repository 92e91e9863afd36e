-- As api/held_of_snapshot, of the other entities of a live lake.
CREATE OR REPLACE TEMP VIEW held_base AS SELECT * EXCLUDE (refined_batch) FROM {{base}};
CREATE OR REPLACE TEMP VIEW held_delta AS SELECT * EXCLUDE (refined_batch) FROM {{delta}};
