-- The body is written as if over whole tables. A run computes only the appearances that need it,
-- and replaces exactly those.
SELECT
    played.video_id,
    played.speaker_id,
    played.role,
    speaker.language,
    speaker.accent,
    video.duration_s
FROM {{ ref('video/cast') }} AS played
JOIN {{ ref('speaker/profile') }} AS speaker ON speaker.speaker_id = played.speaker_id
JOIN {{ ref('video/full') }} AS video ON video.video_id = played.video_id
