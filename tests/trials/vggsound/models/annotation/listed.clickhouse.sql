{{ config(
    id_columns=['clip_id', 'label'],
    fields=[{'name': 'claim', 'columns': ['start_s']}],
) }}
-- That a clip has a label. A corrected label is another annotation.
SELECT
    clip_id,
    label,
    start_s
FROM file(
    '{{ var("data_dir") }}/vggsound/clips.csv',
    'CSVWithNames',
    'clip_id String, youtube_id String, start_s Int64, label String'
)
