-- $1 risk band or NULL, $2 how the id begins or NULL; then the conditions on columns: those that were not given are true. {{as0}}: DOUBLE, BIGINT or
-- TIMESTAMP.
WHERE ($1::VARCHAR IS NULL OR coalesce(risk_band, 'unscored') = $1::VARCHAR)
  AND ($2::VARCHAR IS NULL OR starts_with({{key}}::VARCHAR, $2::VARCHAR) OR starts_with({{key}}::VARCHAR, upper($2::VARCHAR)))
  AND coalesce({{number0}}::{{as0}} BETWEEN {{low0}}::{{as0}} AND {{high0}}::{{as0}}, {{number0_unused}})
  AND coalesce({{number1}}::{{as1}} BETWEEN {{low1}}::{{as1}} AND {{high1}}::{{as1}}, {{number1_unused}})
  AND coalesce({{number2}}::{{as2}} BETWEEN {{low2}}::{{as2}} AND {{high2}}::{{as2}}, {{number2_unused}})
  AND coalesce({{number3}}::{{as3}} BETWEEN {{low3}}::{{as3}} AND {{high3}}::{{as3}}, {{number3_unused}})
  AND coalesce({{number4}}::{{as4}} BETWEEN {{low4}}::{{as4}} AND {{high4}}::{{as4}}, {{number4_unused}})
  AND coalesce({{number5}}::{{as5}} BETWEEN {{low5}}::{{as5}} AND {{high5}}::{{as5}}, {{number5_unused}})
  AND coalesce({{text0}}::VARCHAR = {{equals0}}, {{text0_unused}})
  AND coalesce({{text1}}::VARCHAR = {{equals1}}, {{text1_unused}})
  AND coalesce({{text2}}::VARCHAR = {{equals2}}, {{text2_unused}})
  AND coalesce({{text3}}::VARCHAR = {{equals3}}, {{text3_unused}})
