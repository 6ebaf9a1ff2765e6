{# A generic test is a SELECT of the rows that are wrong. It is named in YAML under a column's
   `tests`, next to not_null, unique, accepted_values and relationships. #}
{% test positive(model, column_name) %}
SELECT {{ column_name }}
FROM {{ model }}
WHERE {{ column_name }} <= 0
{% endtest %}
