SELECT photo_id, path, caption, pixels
FROM {{ ref('raw_photos') }}
