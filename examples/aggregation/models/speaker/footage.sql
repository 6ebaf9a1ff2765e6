SELECT
    clip.speaker,
    count(*) AS clips,
    CAST(sum(clip.seconds) AS BIGINT) AS seconds
FROM {{ ref('clip/full') }} AS clip
GROUP BY clip.speaker
