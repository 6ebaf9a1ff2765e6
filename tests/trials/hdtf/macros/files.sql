{# A file of the data set. Everything is text, with an empty cell as NULL: bodies cast what they take. #}
{% macro table_of(file) -%}
    read_csv('{{ var("data_dir") }}/hdtf/{{ file }}', header = true, all_varchar = true)
{%- endmacro %}
