SELECT
    clip.speaker_id,
    count(*) AS clips,
    CAST(sum(clip.end_s - clip.start_s) AS BIGINT) AS seconds,
    CAST(avg(clip.score) AS DECIMAL(9, 3)) AS mean_quality
FROM {{ ref('clip/scored') }} AS clip
WHERE clip.speaker_id IS NOT NULL
GROUP BY clip.speaker_id
