-- clip/cut: what has to be done, one row per input unit, whatever was settled before.
WITH from_video__full AS (
  /* video/full: its live samples, and the versions that ours are made of */
  SELECT
    sample.video_id,
    sample.speaker_id,
    sample.path,
    sample.duration_s,
    sample.width_px,
    sample.height_px,
    sample.pixels,
    sample.audio_etag,
    sample.frames_sha256,
    sample.recorded_on,
    COALESCE(sample.metasql_data_version__audio, sample.metasql_provenance__audio) AS metasql_version__audio,
    COALESCE(sample.metasql_data_version__facts, sample.metasql_provenance__facts) AS metasql_version__facts,
    TRUE AS metasql_found
  FROM main.video__full__samples AS sample
  WHERE
    sample.metasql_deleted_at IS NULL
), expected AS (
  /* the samples that upstream calls for, and what each field would be made of */
  SELECT
    from_video__full.video_id,
    from_video__full.speaker_id,
    from_video__full.path,
    from_video__full.duration_s,
    from_video__full.width_px,
    from_video__full.height_px,
    from_video__full.pixels,
    from_video__full.audio_etag,
    from_video__full.frames_sha256,
    from_video__full.recorded_on,
    from_video__full.metasql_version__facts AS metasql_inputs__boundaries,
    MD5(
      from_video__full.metasql_version__audio || from_video__full.metasql_version__facts
    ) AS metasql_inputs__audio,
    TRUE AS metasql_expected
  FROM from_video__full
), stored AS (
  /* what is there, with what it was made of */
  SELECT
    input.video_id,
    input.metasql_recipe__boundaries,
    input.metasql_inputs__boundaries,
    input.metasql_provenance__boundaries,
    input.metasql_recipe__audio,
    input.metasql_inputs__audio,
    input.metasql_provenance__audio,
    FALSE AS metasql_predicate,
    NOT input.metasql_reopened_at IS NULL AS metasql_reopened
  FROM main.clip__cut__inputs AS input
  WHERE
    input.metasql_deleted_at IS NULL
), compared AS (
  /* both side by side: which fields were made otherwise */
  SELECT
    COALESCE(expected.video_id, stored.video_id) AS video_id,
    expected.speaker_id,
    expected.path,
    expected.duration_s,
    expected.width_px,
    expected.height_px,
    expected.pixels,
    expected.audio_etag,
    expected.frames_sha256,
    expected.recorded_on,
    expected.metasql_inputs__boundaries,
    expected.metasql_inputs__audio,
    stored.metasql_provenance__boundaries AS metasql_previous__boundaries,
    stored.metasql_recipe__boundaries IS DISTINCT FROM '58d249dc721c1d9cd95d6f66efc604b7'
    OR stored.metasql_inputs__boundaries IS DISTINCT FROM expected.metasql_inputs__boundaries AS metasql_differs__boundaries,
    stored.metasql_provenance__audio AS metasql_previous__audio,
    stored.metasql_recipe__audio IS DISTINCT FROM '876cf881e4a8a1451f2b480770caeddb'
    OR stored.metasql_inputs__audio IS DISTINCT FROM expected.metasql_inputs__audio AS metasql_differs__audio,
    stored.metasql_recipe__boundaries IS DISTINCT FROM '58d249dc721c1d9cd95d6f66efc604b7'
    OR stored.metasql_recipe__audio IS DISTINCT FROM '876cf881e4a8a1451f2b480770caeddb' AS metasql_by_code,
    NOT expected.metasql_expected IS NULL AS metasql_is_expected,
    COALESCE(stored.metasql_reopened, TRUE) AS metasql_is_new,
    COALESCE(stored.metasql_predicate, FALSE) AS metasql_is_matched,
    NOT expected.metasql_expected IS NULL
    AND (
      expected.metasql_inputs__boundaries IS NULL
      OR expected.metasql_inputs__audio IS NULL
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
      WHEN metasql_differs__boundaries OR metasql_differs__audio OR metasql_is_matched
      THEN 'stale'
    END AS metasql_status,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__boundaries
    ) AS metasql_stale__boundaries,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__audio
    ) AS metasql_stale__audio
  FROM compared
), listed AS (
  /* what has to be done, with the provenance that it will have */
  SELECT
    judged.*,
    MD5('58d249dc721c1d9cd95d6f66efc604b7' || judged.metasql_inputs__boundaries) AS metasql_provenance__boundaries,
    MD5('876cf881e4a8a1451f2b480770caeddb' || judged.metasql_inputs__audio) AS metasql_provenance__audio,
    COALESCE(CAST(STRLEN(judged.video_id) AS TEXT) || ':' || judged.video_id, '-') AS metasql_unit,
    '687dac10471b26066bd228925590c8d6;audio=876cf881e4a8a1451f2b480770caeddb' || judged.metasql_inputs__audio || ';boundaries=58d249dc721c1d9cd95d6f66efc604b7' || judged.metasql_inputs__boundaries AS metasql_words
  FROM judged
  WHERE
    NOT judged.metasql_status IS NULL
)
SELECT
  listed.video_id,
  listed.speaker_id,
  listed.path,
  listed.duration_s,
  listed.width_px,
  listed.height_px,
  listed.pixels,
  listed.audio_etag,
  listed.frames_sha256,
  listed.recorded_on,
  listed.metasql_status,
  SUBSTRING(
    CASE WHEN metasql_stale__audio THEN ',audio' ELSE '' END || CASE WHEN metasql_stale__boundaries THEN ',boundaries' ELSE '' END,
    2
  ) AS metasql_stale_fields,
  CASE
    WHEN metasql_status IN ('new', 'orphaned')
    THEN metasql_status
    WHEN metasql_by_code
    THEN 'code'
    WHEN metasql_differs__boundaries OR metasql_differs__audio
    THEN 'upstream'
    WHEN metasql_is_matched
    THEN 'predicate'
    ELSE 'refresh'
  END AS metasql_reason,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN 'r1:' || MD5('7:receipt8:clip/cut' || listed.metasql_unit || listed.metasql_words) || ':' || listed.metasql_words
  END AS metasql_receipt,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN MD5(listed.metasql_provenance__audio || listed.metasql_provenance__boundaries)
  END AS metasql_provenance,
  listed.metasql_provenance__audio,
  listed.metasql_provenance__boundaries,
  listed.metasql_stale__audio,
  listed.metasql_stale__boundaries,
  CAST({'audio': listed.metasql_provenance__audio, 'boundaries': listed.metasql_provenance__boundaries} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field,
  CAST({'audio': listed.metasql_previous__audio, 'boundaries': listed.metasql_previous__boundaries} AS MAP(TEXT, TEXT)) AS metasql_previous_provenance_by_field
FROM listed;
