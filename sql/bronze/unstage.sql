DROP TABLE staged; DROP TABLE copies
