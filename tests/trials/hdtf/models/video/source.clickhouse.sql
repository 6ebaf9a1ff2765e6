WITH cuts AS (
    SELECT
        video_name,
        arrayStringConcat(
            arrayMap(
                cut -> concat(toString(cut.1), ':', toString(cut.2), '-', toString(cut.3)),
                arraySort(groupArray((clip_index, start_s, end_s)))
            ),
            ','
        ) AS spans
    FROM {{ file_of('clips.csv', 'video_name String, clip_index Int64, start_s Int64, end_s Int64') }}
    GROUP BY video_name
)
SELECT
    video.video_name,
    video.subset,
    video.url,
    NULLIF(resolution.height_px, 0) AS height_px,
    cuts.spans
FROM {{ file_of('videos.csv', 'video_name String, subset String, url String') }} AS video
LEFT JOIN {{ file_of('resolutions.csv', 'video_name String, height_px Int64') }} AS resolution
    ON resolution.video_name = video.video_name
LEFT JOIN cuts ON cuts.video_name = video.video_name
