SELECT talk_id, sound, pictures
FROM {{ ref('raw_talks') }}
