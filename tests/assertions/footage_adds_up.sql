-- What the speakers have together is what the scored clips of known speakers have.
-- Holds however much of the work outside is still to be done.
WITH of_speakers AS (
    SELECT COALESCE(sum(seconds), 0) AS seconds FROM {{ ref('speaker/footage') }}
),
of_clips AS (
    SELECT COALESCE(sum(end_s - start_s), 0) AS seconds FROM {{ ref('clip/scored') }} WHERE speaker_id IS NOT NULL
)
SELECT
    of_speakers.seconds AS of_speakers_s,
    of_clips.seconds AS of_clips_s
FROM of_speakers
CROSS JOIN of_clips
WHERE of_speakers.seconds <> of_clips.seconds
