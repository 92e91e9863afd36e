-- The rows of an entity in two parts, of which the second hides those of the first: in a snapshot.
CREATE OR REPLACE TEMP VIEW held_base AS FROM {{base}};
CREATE OR REPLACE TEMP VIEW held_delta AS FROM {{delta}};
