WITH cuts AS (
    SELECT
        video_name,
        string_agg(clip_index || ':' || start_s || '-' || end_s, ',' ORDER BY CAST(clip_index AS BIGINT)) AS spans
    FROM {{ table_of('clips.csv') }}
    GROUP BY video_name
)
SELECT
    video.video_name,
    video.subset,
    video.url,
    NULLIF(CAST(resolution.height_px AS BIGINT), 0) AS height_px,
    cuts.spans
FROM {{ table_of('videos.csv') }} AS video
LEFT JOIN {{ table_of('resolutions.csv') }} AS resolution ON resolution.video_name = video.video_name
LEFT JOIN cuts ON cuts.video_name = video.video_name
