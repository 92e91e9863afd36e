-- The rows of a cut, to be read once. What makes churn_rows follows, from its second line on.
CREATE OR REPLACE TEMP VIEW churn_cut AS
