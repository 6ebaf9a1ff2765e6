-- clip/cut: what upstream calls for, one row per input unit, with the provenance it should have.
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
), made AS (
  /* with the provenance that each field should have */
  SELECT
    expected.video_id,
    expected.speaker_id,
    expected.path,
    expected.duration_s,
    expected.width_px,
    expected.height_px,
    expected.pixels,
    expected.audio_etag,
    expected.frames_sha256,
    expected.recorded_on,
    '876cf881e4a8a1451f2b480770caeddb' AS metasql_recipe__audio,
    expected.metasql_inputs__audio,
    MD5('876cf881e4a8a1451f2b480770caeddb' || expected.metasql_inputs__audio) AS metasql_provenance__audio,
    '58d249dc721c1d9cd95d6f66efc604b7' AS metasql_recipe__boundaries,
    expected.metasql_inputs__boundaries,
    MD5('58d249dc721c1d9cd95d6f66efc604b7' || expected.metasql_inputs__boundaries) AS metasql_provenance__boundaries
  FROM expected
)
SELECT
  made.*,
  MD5(made.metasql_provenance__audio || made.metasql_provenance__boundaries) AS metasql_provenance,
  CAST({'audio': made.metasql_provenance__audio, 'boundaries': made.metasql_provenance__boundaries} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field
FROM made;
