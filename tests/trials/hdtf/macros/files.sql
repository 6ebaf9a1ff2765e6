{# A file of the data set. Everything is text, with an empty cell as NULL: bodies cast what they take. #}
{% macro table_of(file) -%}
    read_csv('{{ var("data_dir") }}/hdtf/{{ file }}', header = true, all_varchar = true)
{%- endmacro %}

{# The same on ClickHouse, in bodies of its own: `columns` are names and types. #}
{% macro file_of(file, columns) -%}
    file('{{ var("data_dir") }}/hdtf/{{ file }}', 'CSVWithNames', '{{ columns }}')
{%- endmacro %}
