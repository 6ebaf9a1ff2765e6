-- A body sees an upstream feature as the dependency says: renamed, and without the rows that its
-- `where` leaves out.
SELECT
    video.video_id,
    COALESCE(human.text_path, whisper.whisper_path) AS text_path,
    CASE
        WHEN human.text_path IS NOT NULL THEN human.made_by
        WHEN whisper.whisper_path IS NOT NULL THEN 'whisper'
    END AS made_by
FROM {{ ref('video/full') }} AS video
LEFT JOIN {{ ref('transcript/human') }} AS human ON human.video_id = video.video_id
LEFT JOIN {{ ref('transcript/whisper') }} AS whisper ON whisper.video_id = video.video_id
