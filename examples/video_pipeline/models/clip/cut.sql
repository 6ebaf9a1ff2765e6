SELECT
    video.video_id,
    piece.clip_index,
    piece.clip_index * {{ var('clip_s') }} AS start_s,
    (piece.clip_index + 1) * {{ var('clip_s') }} AS end_s
FROM {{ ref('video/full') }} AS video
CROSS JOIN unnest(range(video.duration_s // {{ var('clip_s') }})) AS piece(clip_index)
