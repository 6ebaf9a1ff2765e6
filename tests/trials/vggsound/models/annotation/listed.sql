{{ config(
    id_columns=['clip_id', 'label'],
    fields=[{'name': 'claim', 'columns': ['start_s']}],
) }}
-- That a clip has a label. A corrected label is another annotation.
SELECT
    clip_id,
    label,
    CAST(start_s AS BIGINT) AS start_s
FROM read_csv('{{ var("data_dir") }}/vggsound/clips.csv', header = true, all_varchar = true)
