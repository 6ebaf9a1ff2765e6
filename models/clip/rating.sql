{{ config(
    id_columns=['video_id', 'clip_index'],
    fields=[{'name': 'verdict', 'columns': ['quality', 'emotion']}],
    tags=['human'],
) }}
-- What people said of a clip. Some clips nobody has rated, some ratings have no number,
-- and a few are of clips that were cut away long ago.
SELECT
    video_id,
    clip_index,
    quality,
    emotion
FROM {{ ref('raw_clip_ratings') }}
