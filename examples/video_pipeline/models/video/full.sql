SELECT video_id, path, duration_s, frames_sha256
FROM {{ ref('raw_videos') }}
