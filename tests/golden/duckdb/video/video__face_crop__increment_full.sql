-- video/face_crop: what has to be done, one row per input unit, whatever was settled before.
WITH from_video__full AS (
  /* video/full: its live samples that count, and the versions that ours are made of */
  SELECT
    sample.video_id,
    sample.speaker_id,
    sample.path AS full_path,
    sample.duration_s,
    sample.width_px,
    sample.height_px,
    sample.pixels,
    sample.audio_etag,
    sample.frames_sha256,
    sample.recorded_on,
    COALESCE(sample.metasql_data_version__audio, sample.metasql_provenance__audio) AS metasql_version__audio,
    COALESCE(sample.metasql_data_version__frames, sample.metasql_provenance__frames) AS metasql_version__frames,
    TRUE AS metasql_found
  FROM main.video__full__samples AS sample
  WHERE
    sample.metasql_deleted_at IS NULL AND (
      sample.duration_s > 3
    )
), expected AS (
  /* the samples that upstream calls for, and what each field would be made of */
  SELECT
    from_video__full.video_id,
    from_video__full.speaker_id,
    from_video__full.full_path,
    from_video__full.duration_s,
    from_video__full.width_px,
    from_video__full.height_px,
    from_video__full.pixels,
    from_video__full.audio_etag,
    from_video__full.frames_sha256,
    from_video__full.recorded_on,
    from_video__full.metasql_version__audio AS metasql_inputs__audio,
    from_video__full.metasql_version__frames AS metasql_inputs__frames,
    TRUE AS metasql_expected
  FROM from_video__full
), stored AS (
  /* what is there, with what it was made of */
  SELECT
    sample.video_id,
    sample.metasql_recipe__audio,
    sample.metasql_inputs__audio,
    sample.metasql_provenance__audio,
    sample.metasql_recipe__frames,
    sample.metasql_inputs__frames,
    sample.metasql_provenance__frames,
    COALESCE(sample.frame_count IS NULL, FALSE) AS metasql_predicate,
    FALSE AS metasql_reopened
  FROM main.video__face_crop__samples AS sample
  WHERE
    sample.metasql_deleted_at IS NULL
), compared AS (
  /* both side by side: which fields were made otherwise */
  SELECT
    COALESCE(expected.video_id, stored.video_id) AS video_id,
    expected.speaker_id,
    expected.full_path,
    expected.duration_s,
    expected.width_px,
    expected.height_px,
    expected.pixels,
    expected.audio_etag,
    expected.frames_sha256,
    expected.recorded_on,
    expected.metasql_inputs__audio,
    expected.metasql_inputs__frames,
    stored.metasql_provenance__audio AS metasql_previous__audio,
    stored.metasql_recipe__audio IS DISTINCT FROM 'b4dc307e87131f458f035e9c21f67b43'
    OR stored.metasql_inputs__audio IS DISTINCT FROM expected.metasql_inputs__audio AS metasql_differs__audio,
    stored.metasql_provenance__frames AS metasql_previous__frames,
    stored.metasql_recipe__frames IS DISTINCT FROM '1120091cbfd2a072485091122b62a38f'
    OR stored.metasql_inputs__frames IS DISTINCT FROM expected.metasql_inputs__frames AS metasql_differs__frames,
    stored.metasql_recipe__audio IS DISTINCT FROM 'b4dc307e87131f458f035e9c21f67b43'
    OR stored.metasql_recipe__frames IS DISTINCT FROM '1120091cbfd2a072485091122b62a38f' AS metasql_by_code,
    NOT expected.metasql_expected IS NULL AS metasql_is_expected,
    COALESCE(stored.metasql_reopened, TRUE) AS metasql_is_new,
    COALESCE(stored.metasql_predicate, FALSE) AS metasql_is_matched,
    NOT expected.metasql_expected IS NULL
    AND (
      expected.metasql_inputs__audio IS NULL OR expected.metasql_inputs__frames IS NULL
    ) AS metasql_is_waiting
  FROM expected
  FULL JOIN stored
    ON expected.video_id = stored.video_id
), judged AS (
  /* new, stale, orphaned or settled */
  SELECT
    compared.*,
    CASE
      WHEN metasql_is_waiting
      THEN CAST(NULL AS TEXT)
      WHEN NOT metasql_is_expected
      THEN 'orphaned'
      WHEN metasql_is_new
      THEN 'new'
      WHEN metasql_differs__audio OR metasql_differs__frames OR metasql_is_matched
      THEN 'stale'
    END AS metasql_status,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__audio
    ) AS metasql_stale__audio,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__frames
    ) AS metasql_stale__frames
  FROM compared
), listed AS (
  /* what has to be done, with the provenance that it will have */
  SELECT
    judged.*,
    MD5('b4dc307e87131f458f035e9c21f67b43' || judged.metasql_inputs__audio) AS metasql_provenance__audio,
    MD5('1120091cbfd2a072485091122b62a38f' || judged.metasql_inputs__frames) AS metasql_provenance__frames,
    COALESCE(CAST(STRLEN(judged.video_id) AS TEXT) || ':' || judged.video_id, '-') AS metasql_unit,
    'ac10ee7a65b7cb5be73471f15bdcf9c9;audio=b4dc307e87131f458f035e9c21f67b43' || judged.metasql_inputs__audio || ';frames=1120091cbfd2a072485091122b62a38f' || judged.metasql_inputs__frames AS metasql_words
  FROM judged
  WHERE
    NOT judged.metasql_status IS NULL
)
SELECT
  listed.video_id,
  listed.speaker_id,
  listed.full_path,
  listed.duration_s,
  listed.width_px,
  listed.height_px,
  listed.pixels,
  listed.audio_etag,
  listed.frames_sha256,
  listed.recorded_on,
  listed.metasql_status,
  SUBSTRING(
    CASE WHEN metasql_stale__audio THEN ',audio' ELSE '' END || CASE WHEN metasql_stale__frames THEN ',frames' ELSE '' END,
    2
  ) AS metasql_stale_fields,
  CASE
    WHEN metasql_status IN ('new', 'orphaned')
    THEN metasql_status
    WHEN metasql_by_code
    THEN 'code'
    WHEN metasql_differs__audio OR metasql_differs__frames
    THEN 'upstream'
    WHEN metasql_is_matched
    THEN 'predicate'
    ELSE 'refresh'
  END AS metasql_reason,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN 'r1:' || MD5('7:receipt15:video/face_crop' || listed.metasql_unit || listed.metasql_words) || ':' || listed.metasql_words
  END AS metasql_receipt,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN MD5(listed.metasql_provenance__audio || listed.metasql_provenance__frames)
  END AS metasql_provenance,
  listed.metasql_provenance__audio,
  listed.metasql_provenance__frames,
  listed.metasql_stale__audio,
  listed.metasql_stale__frames,
  CAST({'audio': listed.metasql_provenance__audio, 'frames': listed.metasql_provenance__frames} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field,
  CAST({'audio': listed.metasql_previous__audio, 'frames': listed.metasql_previous__frames} AS MAP(TEXT, TEXT)) AS metasql_previous_provenance_by_field,
  COALESCE(
    CASE
      WHEN CASE
        WHEN attempt.metasql_tried IS NULL
        THEN FALSE
        ELSE attempt.metasql_tried = MD5(listed.metasql_provenance__audio || listed.metasql_provenance__frames)
      END
      THEN attempt.metasql_attempts
    END,
    CAST(0 AS BIGINT)
  ) AS metasql_attempts,
  CASE
    WHEN CASE
      WHEN attempt.metasql_tried IS NULL
      THEN FALSE
      ELSE attempt.metasql_tried = MD5(listed.metasql_provenance__audio || listed.metasql_provenance__frames)
    END
    THEN attempt.metasql_error
  END AS metasql_last_error
FROM listed
LEFT JOIN (
  SELECT
    attempt.video_id,
    attempt.metasql_attempts,
    attempt.metasql_error,
    attempt.metasql_tried,
    attempt.metasql_failed_at
  FROM main.video__face_crop__attempts AS attempt
  WHERE
    attempt.metasql_deleted_at IS NULL
) AS attempt
  ON listed.video_id = attempt.video_id
  AND listed.metasql_status IS DISTINCT FROM 'orphaned'
WHERE
  NOT COALESCE(
    CASE
      WHEN attempt.metasql_tried IS NULL
      THEN FALSE
      ELSE attempt.metasql_tried = MD5(listed.metasql_provenance__audio || listed.metasql_provenance__frames)
    END
    AND attempt.metasql_attempts >= 3,
    FALSE
  );
