SELECT
    cut.video_name,
    cut.clip_index,
    cut.end_s - cut.start_s AS seconds,
    crop.width_px,
    crop.zoom_ratio,
    video.subset
FROM {{ ref('clip/cut') }} AS cut
JOIN {{ ref('video/source') }} AS video ON video.video_name = cut.video_name
LEFT JOIN {{ ref('crop/window') }} AS crop
    ON crop.video_name = cut.video_name AND crop.clip_index = cut.clip_index
