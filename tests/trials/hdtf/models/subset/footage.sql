SELECT
    clip.subset,
    count(*) AS clips,
    CAST(sum(clip.seconds) AS BIGINT) AS seconds,
    count(clip.width_px) AS cropped
FROM {{ ref('clip/framed') }} AS clip
GROUP BY clip.subset
