SELECT
    cut.video_id,
    cut.clip_index,
    cut.speaker_id,
    cut.start_s,
    cut.end_s,
    -- A clip that nobody has rated is average; a small picture costs a point.
    COALESCE(rating.quality, 3) - CASE WHEN video.pixels < 1000000 THEN 1 ELSE 0 END AS score,
    COALESCE(rating.emotion, 'unknown') AS emotion
FROM {{ ref('clip/cut') }} AS cut
JOIN {{ ref('video/full') }} AS video ON video.video_id = cut.video_id
LEFT JOIN {{ ref('clip/rating') }} AS rating
    ON rating.video_id = cut.video_id AND rating.clip_index = cut.clip_index
