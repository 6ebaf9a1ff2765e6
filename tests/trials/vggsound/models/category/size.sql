SELECT
    annotation.category,
    count(*) AS clips,
    count(DISTINCT annotation.label) AS labels
FROM {{ ref('annotation/typed') }} AS annotation
GROUP BY annotation.category
