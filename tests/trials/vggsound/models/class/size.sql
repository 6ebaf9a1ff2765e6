{{ config(
    id_columns=['label'],
    fields=[{'name': 'size', 'columns': ['clips']}],
    deps=[{'feature': 'annotation/listed', 'lineage': {'aggregation': {'on': ['label']}}}],
) }}
SELECT
    annotation.label,
    count(*) AS clips
FROM {{ ref('annotation/listed') }} AS annotation
GROUP BY annotation.label
