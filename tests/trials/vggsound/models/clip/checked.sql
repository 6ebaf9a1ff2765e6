SELECT
    clip.clip_id,
    CASE
        WHEN embedding.guessed_label IS NULL THEN 'unknown'
        WHEN embedding.guessed_label = clip.label THEN 'agrees'
        ELSE 'differs'
    END AS verdict
FROM {{ ref('clip/listed') }} AS clip
LEFT JOIN {{ ref('clip/embedding') }} AS embedding ON embedding.clip_id = clip.clip_id
