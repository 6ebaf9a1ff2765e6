-- The body of a root: one SELECT with named columns. A seed is read with ref, by its file's name;
-- its types are in seeds/seeds.yml.
SELECT
    video_id,
    speaker_id,
    path,
    duration_s,
    width_px,
    height_px,
    {{ pixels('width_px', 'height_px') }} AS pixels,
    audio_etag,
    frames_sha256,
    recorded_on
FROM {{ ref('raw_videos') }}
