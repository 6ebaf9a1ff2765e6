-- video/face_crop: what upstream calls for, one row per input unit, with the provenance it should have.
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
), made AS (
  /* with the provenance that each field should have */
  SELECT
    expected.video_id,
    expected.speaker_id,
    expected.full_path,
    expected.duration_s,
    expected.width_px,
    expected.height_px,
    expected.pixels,
    expected.audio_etag,
    expected.frames_sha256,
    expected.recorded_on,
    'b4dc307e87131f458f035e9c21f67b43' AS metasql_recipe__audio,
    expected.metasql_inputs__audio,
    MD5('b4dc307e87131f458f035e9c21f67b43' || expected.metasql_inputs__audio) AS metasql_provenance__audio,
    '1120091cbfd2a072485091122b62a38f' AS metasql_recipe__frames,
    expected.metasql_inputs__frames,
    MD5('1120091cbfd2a072485091122b62a38f' || expected.metasql_inputs__frames) AS metasql_provenance__frames
  FROM expected
)
SELECT
  made.*,
  MD5(made.metasql_provenance__audio || made.metasql_provenance__frames) AS metasql_provenance,
  CAST({'audio': made.metasql_provenance__audio, 'frames': made.metasql_provenance__frames} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field
FROM made;
