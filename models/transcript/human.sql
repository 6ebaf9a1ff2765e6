SELECT
    video_id,
    text_path,
    made_by
FROM {{ ref('raw_transcripts') }}
