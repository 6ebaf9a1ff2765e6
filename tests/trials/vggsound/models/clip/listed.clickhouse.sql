SELECT
    clip_id,
    youtube_id,
    start_s,
    label
FROM file(
    '{{ var("data_dir") }}/vggsound/clips.csv',
    'CSVWithNames',
    'clip_id String, youtube_id String, start_s Int64, label String'
)
