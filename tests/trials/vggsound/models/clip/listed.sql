SELECT
    clip_id,
    youtube_id,
    CAST(start_s AS BIGINT) AS start_s,
    label
FROM read_csv('{{ var("data_dir") }}/vggsound/clips.csv', header = true, all_varchar = true)
