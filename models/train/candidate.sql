SELECT
    crop.video_id,
    crop.path AS crop_path,
    crop.frame_count,
    transcript.text_path,
    transcript.made_by
FROM {{ ref('video/face_crop') }} AS crop
JOIN {{ ref('transcript/best') }} AS transcript ON transcript.video_id = crop.video_id
WHERE transcript.text_path IS NOT NULL
