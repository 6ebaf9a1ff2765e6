SELECT
    listed.clip_id,
    listed.label,
    listed.start_s,
    class.category
FROM {{ ref('annotation/listed') }} AS listed
JOIN {{ ref('class/listed') }} AS class ON class.label = listed.label
