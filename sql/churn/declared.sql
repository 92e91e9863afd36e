SELECT name, "value" FROM model_declared
