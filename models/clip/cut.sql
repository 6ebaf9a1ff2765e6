SELECT
    video.video_id,
    piece.clip_index,
    video.speaker_id,
    piece.clip_index * {{ var('clip_s') }} AS start_s,
    (piece.clip_index + 1) * {{ var('clip_s') }} AS end_s,
    video.audio_etag
FROM {{ ref('video/full') }} AS video
CROSS JOIN unnest(range({{ clip_count('video.duration_s') }})) AS piece(clip_index)
