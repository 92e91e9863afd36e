{# The expressions of Gold, once for each window: all of the history, and the last 7 and 30 UTC days up to the newest event. #}
{% macro windowed(features) %}
  {%- for name, expression in features.items() %}
    {%- for days in [none, 7, 30] %}
    {{ expression.replace('WHERE', 'FILTER (WHERE ' ~ ('true' if days is none else 'age < ' ~ days) ~ ' AND ') }} AS {{ name }}{{ '' if days is none else '_' ~ days ~ 'd' }},
    {%- endfor %}
  {%- endfor %}
{% endmacro %}
