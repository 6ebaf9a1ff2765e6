{{ config(id_columns=['label'], fields='per_column') }}
-- Labels contain commas: "bird chirping, tweeting" is one label.
SELECT
    label,
    clip_count,
    category
FROM file(
    '{{ var("data_dir") }}/vggsound/classes.csv',
    'CSVWithNames',
    'label String, clip_count Int64, category String'
)
