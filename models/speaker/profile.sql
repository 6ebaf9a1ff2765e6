SELECT
    speaker_id,
    language,
    accent,
    consent
FROM {{ ref('raw_speakers') }}
