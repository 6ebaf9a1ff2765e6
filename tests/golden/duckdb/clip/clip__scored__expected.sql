-- clip/scored: what upstream calls for, one row per input unit, with the provenance it should have.
WITH from_clip__cut AS (
  /* clip/cut: its live samples, and the versions that ours are made of */
  SELECT
    sample.video_id,
    sample.clip_index,
    sample.speaker_id,
    sample.start_s,
    sample.end_s,
    COALESCE(sample.metasql_data_version__boundaries, sample.metasql_provenance__boundaries) AS metasql_version__boundaries,
    TRUE AS metasql_found
  FROM main.clip__cut__samples AS sample
  WHERE
    sample.metasql_deleted_at IS NULL
), from_clip__rating AS (
  /* clip/rating: its live samples, and the versions that ours are made of */
  SELECT
    sample.video_id,
    sample.clip_index,
    sample.quality,
    sample.emotion,
    COALESCE(sample.metasql_data_version__verdict, sample.metasql_provenance__verdict) AS metasql_version__verdict,
    TRUE AS metasql_found
  FROM main.clip__rating__samples AS sample
  WHERE
    sample.metasql_deleted_at IS NULL
), from_video__full AS (
  /* video/full: its live samples that count, and the versions that ours are made of */
  SELECT
    sample.video_id,
    sample.pixels,
    COALESCE(sample.metasql_data_version__frames, sample.metasql_provenance__frames) AS metasql_version__frames,
    TRUE AS metasql_found
  FROM main.video__full__samples AS sample
  WHERE
    sample.metasql_deleted_at IS NULL AND (
      sample.height_px >= 480
    )
), expected AS (
  /* the samples that upstream calls for, and what each field would be made of */
  SELECT
    from_clip__cut.video_id,
    from_clip__cut.clip_index,
    from_clip__cut.speaker_id,
    from_clip__cut.start_s,
    from_clip__cut.end_s,
    from_clip__rating.quality,
    from_clip__rating.emotion,
    from_video__full.pixels,
    from_clip__cut.metasql_version__boundaries AS metasql_inputs__place,
    MD5(
      CASE
        WHEN from_clip__rating.metasql_found IS NULL
        THEN 'missing-------------------------'
        ELSE from_clip__rating.metasql_version__verdict
      END || from_video__full.metasql_version__frames
    ) AS metasql_inputs__score,
    TRUE AS metasql_expected
  FROM from_clip__cut
  LEFT JOIN from_clip__rating
    ON from_clip__cut.video_id = from_clip__rating.video_id
    AND from_clip__cut.clip_index = from_clip__rating.clip_index
  INNER JOIN from_video__full
    ON from_clip__cut.video_id = from_video__full.video_id
), made AS (
  /* with the provenance that each field should have */
  SELECT
    expected.video_id,
    expected.clip_index,
    expected.speaker_id,
    expected.start_s,
    expected.end_s,
    expected.quality,
    expected.emotion,
    expected.pixels,
    '4517176f19b6c5761cc0fb4517bfb533' AS metasql_recipe__place,
    expected.metasql_inputs__place,
    MD5('4517176f19b6c5761cc0fb4517bfb533' || expected.metasql_inputs__place) AS metasql_provenance__place,
    'd0ce49c4f3184768b35148d285d2ddd1' AS metasql_recipe__score,
    expected.metasql_inputs__score,
    MD5('d0ce49c4f3184768b35148d285d2ddd1' || expected.metasql_inputs__score) AS metasql_provenance__score
  FROM expected
)
SELECT
  made.*,
  MD5(made.metasql_provenance__place || made.metasql_provenance__score) AS metasql_provenance,
  CAST({'place': made.metasql_provenance__place, 'score': made.metasql_provenance__score} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field
FROM made;
