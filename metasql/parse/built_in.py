"""The macros that every project has."""

from __future__ import annotations

from metasql.source import Source

BUILT_IN = Source(
    "<generic tests of metasql>",
    """\
{% test not_null(model, column_name) %}
select *
from {{ model }}
where {{ column(column_name) }} is null
{% endtest %}

{% test unique(model, column_name) %}
select {{ column(column_name) }}, count(*) as occurrences
from {{ model }}
where {{ column(column_name) }} is not null
group by {{ column(column_name) }}
having count(*) > 1
{% endtest %}

{% test accepted_values(model, column_name, values, quote=true) %}
select {{ column(column_name) }}, count(*) as occurrences
from {{ model }}
where {{ column(column_name) }} not in (
  {%- for value in values if value is not none %}
  {{ literal(value, quote) }}{{ '' if loop.last else ',' }}
  {%- endfor %}
)
group by {{ column(column_name) }}
{% endtest %}

{% test relationships(model, column_name, to, field) %}
select child.{{ column(column_name) }}
from {{ model }} as child
left join (
  select {{ column(field) }} as metasql_parent
  from {{ relation(to) }}
  where {{ column(field) }} is not null
) as parent
  on child.{{ column(column_name) }} = parent.metasql_parent
where child.{{ column(column_name) }} is not null and parent.metasql_parent is null
{% endtest %}
""",
)
"""The tests that every project has; one of the same name in `macros/` replaces it."""
