DROP TABLE staged; DROP TABLE copies; DROP TABLE repeated
