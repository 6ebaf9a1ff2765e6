SELECT
    seen.talk_id,
    seen.faces || ' faces, ' || seen.smiling || ' smiling' AS line
FROM {{ ref('talk/faces') }} AS seen
