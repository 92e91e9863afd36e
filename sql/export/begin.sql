-- A query follows. The rows of an answer, before they become a file: the user's query knows no path, and the statement that has one knows no
-- query of a user.
CREATE OR REPLACE TEMP TABLE exported_rows AS
