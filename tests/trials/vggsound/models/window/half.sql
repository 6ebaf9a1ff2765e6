SELECT
    clip.clip_id,
    piece.window_index,
    clip.start_s + piece.window_index * {{ var('clip_s') // var('windows') }} AS from_s,
    clip.start_s + (piece.window_index + 1) * {{ var('clip_s') // var('windows') }} AS to_s
FROM {{ ref('clip/listed') }} AS clip
CROSS JOIN unnest(range({{ var('windows') }})) AS piece(window_index)
