SELECT
    video_id,
    path,
    duration_s,
    width_px,
    height_px,
    audio_etag,
    frames_sha256
FROM {{ ref('raw_videos') }}
