SELECT
    clip.clip_id,
    toInt64(arrayJoin(range({{ var('windows') }}))) AS window_index,
    clip.start_s + window_index * {{ var('clip_s') // var('windows') }} AS from_s,
    clip.start_s + (window_index + 1) * {{ var('clip_s') // var('windows') }} AS to_s
FROM {{ ref('clip/listed') }} AS clip
