SELECT
    clip.video_id,
    clip.clip_index,
    clip.start_s,
    clip.end_s,
    face.path,
    face.width_px * face.height_px AS pixels
FROM {{ ref('clip/cut') }} AS clip
JOIN {{ ref('video/face_crop') }} AS face USING (video_id)
