{{ config(id_columns=['label'], fields='per_column') }}
-- Labels contain commas: "bird chirping, tweeting" is one label.
SELECT
    label,
    CAST(clip_count AS BIGINT) AS clip_count,
    category
FROM read_csv('{{ var("data_dir") }}/vggsound/classes.csv', header = true, all_varchar = true)
