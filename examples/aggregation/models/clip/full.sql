SELECT clip_id, speaker, seconds, sound, label
FROM {{ ref('raw_clips') }}
