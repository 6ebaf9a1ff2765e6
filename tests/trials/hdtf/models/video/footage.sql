{{ config(
    id_columns=['video_name'],
    fields=[{'name': 'amount', 'columns': ['clips', 'seconds']}],
    deps=[{'feature': 'clip/framed', 'lineage': {'aggregation': {'on': ['video_name']}}}],
) }}
SELECT
    clip.video_name,
    count(*) AS clips,
    CAST(sum(clip.seconds) AS BIGINT) AS seconds
FROM {{ ref('clip/framed') }} AS clip
GROUP BY clip.video_name
