SELECT
    spoken.talk_id,
    upper(left(spoken.words, 1)) || substr(spoken.words, 2) || '.' AS line
FROM {{ ref('talk/transcript') }} AS spoken
