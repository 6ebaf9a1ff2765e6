{{ config(
    id_columns=['video_name', 'clip_index'],
    fields=[
        {'name': 'place', 'columns': ['left_px', 'width_px', 'top_px', 'height_px']},
        {'name': 'zoom', 'columns': ['zoom_ratio']},
    ],
) }}
SELECT
    video_name,
    clip_index,
    min_width_px AS left_px,
    width_px,
    min_height_px AS top_px,
    height_px,
    zoom_ratio
FROM {{ file_of(
    'crops.csv',
    'video_name String, clip_index Int64, min_width_px Int64, width_px Int64, min_height_px Int64, height_px Int64, '
    ~ 'zoom_ratio Decimal(6, 3)'
) }}
