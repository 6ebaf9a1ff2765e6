WITH pieces AS (
    SELECT
        video.video_name,
        unnest(string_split(video.spans, ',')) AS piece
    FROM {{ ref('video/source') }} AS video
)
SELECT
    video_name,
    CAST(split_part(piece, ':', 1) AS BIGINT) AS clip_index,
    CAST(split_part(split_part(piece, ':', 2), '-', 1) AS BIGINT) AS start_s,
    CAST(split_part(split_part(piece, ':', 2), '-', 2) AS BIGINT) AS end_s
FROM pieces
