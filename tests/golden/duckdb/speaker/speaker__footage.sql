-- speaker/footage: the live samples.
SELECT
  sample.speaker_id,
  sample.clips,
  sample.seconds,
  sample.mean_quality,
  sample.metasql_recipe__amount,
  sample.metasql_inputs__amount,
  sample.metasql_provenance__amount,
  COALESCE(sample.metasql_data_version__amount, sample.metasql_provenance__amount) AS metasql_data_version__amount,
  sample.metasql_recipe__quality,
  sample.metasql_inputs__quality,
  sample.metasql_provenance__quality,
  COALESCE(sample.metasql_data_version__quality, sample.metasql_provenance__quality) AS metasql_data_version__quality,
  MD5(
    COALESCE(sample.metasql_provenance__amount, '--------------------------------') || COALESCE(sample.metasql_provenance__quality, '--------------------------------')
  ) AS metasql_provenance,
  MD5(
    COALESCE(
      COALESCE(sample.metasql_data_version__amount, sample.metasql_provenance__amount),
      '--------------------------------'
    ) || COALESCE(
      COALESCE(sample.metasql_data_version__quality, sample.metasql_provenance__quality),
      '--------------------------------'
    )
  ) AS metasql_data_version,
  CAST({'amount': sample.metasql_provenance__amount, 'quality': sample.metasql_provenance__quality} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field,
  CAST({'amount': COALESCE(sample.metasql_data_version__amount, sample.metasql_provenance__amount), 'quality': COALESCE(sample.metasql_data_version__quality, sample.metasql_provenance__quality)} AS MAP(TEXT, TEXT)) AS metasql_data_version_by_field,
  sample.metasql_feature_version,
  sample.metasql_run_id,
  sample.metasql_created_at,
  sample.metasql_updated_at,
  sample.metasql_deleted_at,
  sample.metasql_commit
FROM main.speaker__footage__samples AS sample
WHERE
  sample.metasql_deleted_at IS NULL;
