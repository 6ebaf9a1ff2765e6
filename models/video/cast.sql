{{ config(
    id_columns=['video_id', 'speaker_id'],
    fields=[{'name': 'role', 'columns': ['role']}],
    tags=['catalogue'],
) }}
-- A SQL file may stand alone: config(...) declares the feature, and the file's place gives its key.
-- A conversation has a main speaker and a guest.
SELECT
    video_id,
    speaker_id,
    role
FROM {{ ref('raw_cast') }}
