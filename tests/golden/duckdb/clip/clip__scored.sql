-- clip/scored: the live samples.
SELECT
  sample.video_id,
  sample.clip_index,
  sample.speaker_id,
  sample.start_s,
  sample.end_s,
  sample.score,
  sample.emotion,
  sample.metasql_recipe__place,
  sample.metasql_inputs__place,
  sample.metasql_provenance__place,
  COALESCE(sample.metasql_data_version__place, sample.metasql_provenance__place) AS metasql_data_version__place,
  sample.metasql_recipe__score,
  sample.metasql_inputs__score,
  sample.metasql_provenance__score,
  COALESCE(sample.metasql_data_version__score, sample.metasql_provenance__score) AS metasql_data_version__score,
  MD5(
    COALESCE(sample.metasql_provenance__place, '--------------------------------') || COALESCE(sample.metasql_provenance__score, '--------------------------------')
  ) AS metasql_provenance,
  MD5(
    COALESCE(
      COALESCE(sample.metasql_data_version__place, sample.metasql_provenance__place),
      '--------------------------------'
    ) || COALESCE(
      COALESCE(sample.metasql_data_version__score, sample.metasql_provenance__score),
      '--------------------------------'
    )
  ) AS metasql_data_version,
  CAST({'place': sample.metasql_provenance__place, 'score': sample.metasql_provenance__score} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field,
  CAST({'place': COALESCE(sample.metasql_data_version__place, sample.metasql_provenance__place), 'score': COALESCE(sample.metasql_data_version__score, sample.metasql_provenance__score)} AS MAP(TEXT, TEXT)) AS metasql_data_version_by_field,
  sample.metasql_feature_version,
  sample.metasql_run_id,
  sample.metasql_created_at,
  sample.metasql_updated_at,
  sample.metasql_deleted_at,
  sample.metasql_commit
FROM main.clip__scored__samples AS sample
WHERE
  sample.metasql_deleted_at IS NULL;
