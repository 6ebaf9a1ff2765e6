SELECT
    photo.photo_id,
    lower(photo.caption) AS words,
    length(photo.caption) AS letters
FROM {{ ref('photo/full') }} AS photo
