-- A singular assertion: a SELECT that must return no rows.
SELECT
    clip.video_id,
    clip.clip_index,
    clip.end_s,
    video.duration_s
FROM {{ ref('clip/cut') }} AS clip
JOIN {{ ref('video/full') }} AS video ON video.video_id = clip.video_id
WHERE clip.end_s > video.duration_s
