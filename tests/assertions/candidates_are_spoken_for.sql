{{ config(severity='error', limit=20) }}
-- config(...) sets the severity of one assertion, and how many rows are shown.
SELECT
    candidate.video_id,
    candidate.crop_path
FROM {{ ref('train/candidate') }} AS candidate
WHERE candidate.text_path IS NULL OR candidate.crop_path IS NULL
