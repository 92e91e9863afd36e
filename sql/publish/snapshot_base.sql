CREATE OR REPLACE TABLE snapshot_out.snapshot_base AS SELECT {{base}} AS base
