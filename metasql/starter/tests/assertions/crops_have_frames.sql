-- An assertion is a SELECT that must return no rows.
SELECT video_id
FROM {{ ref('video/face_crop') }}
WHERE frame_count <= 0
