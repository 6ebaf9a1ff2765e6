{# How many whole clips a duration gives. A video shorter than one clip gives none. #}
{% macro clip_count(duration_s) -%}
    CAST(floor({{ duration_s }} / {{ var('clip_s') }}) AS BIGINT)
{%- endmacro %}

{# The size of a picture in pixels. #}
{% macro pixels(width_px, height_px) -%}
    {{ width_px }} * {{ height_px }}
{%- endmacro %}
