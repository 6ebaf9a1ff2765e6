SELECT
    video_id,
    width_px * height_px AS pixels,
    CASE
        WHEN width_px > height_px THEN 'landscape'
        WHEN width_px < height_px THEN 'portrait'
        ELSE 'square'
    END AS orientation
FROM {{ ref('video/full') }}
