{{ config(
    id_columns=['video_name', 'clip_index'],
    fields=[
        {'name': 'place', 'columns': ['left_px', 'width_px', 'top_px', 'height_px']},
        {'name': 'zoom', 'columns': ['zoom_ratio']},
    ],
) }}
SELECT
    video_name,
    CAST(clip_index AS BIGINT) AS clip_index,
    CAST(min_width_px AS BIGINT) AS left_px,
    CAST(width_px AS BIGINT) AS width_px,
    CAST(min_height_px AS BIGINT) AS top_px,
    CAST(height_px AS BIGINT) AS height_px,
    CAST(zoom_ratio AS DECIMAL(6, 3)) AS zoom_ratio
FROM {{ table_of('crops.csv') }}
