-- clip/cut: the live samples.
SELECT
  sample.video_id,
  sample.clip_index,
  sample.speaker_id,
  sample.start_s,
  sample.end_s,
  sample.audio_etag,
  sample.metasql_recipe__audio,
  sample.metasql_inputs__audio,
  sample.metasql_provenance__audio,
  COALESCE(sample.metasql_data_version__audio, sample.metasql_provenance__audio) AS metasql_data_version__audio,
  sample.metasql_recipe__boundaries,
  sample.metasql_inputs__boundaries,
  sample.metasql_provenance__boundaries,
  COALESCE(sample.metasql_data_version__boundaries, sample.metasql_provenance__boundaries) AS metasql_data_version__boundaries,
  MD5(
    COALESCE(sample.metasql_provenance__audio, '--------------------------------') || COALESCE(sample.metasql_provenance__boundaries, '--------------------------------')
  ) AS metasql_provenance,
  MD5(
    COALESCE(
      COALESCE(sample.metasql_data_version__audio, sample.metasql_provenance__audio),
      '--------------------------------'
    ) || COALESCE(
      COALESCE(sample.metasql_data_version__boundaries, sample.metasql_provenance__boundaries),
      '--------------------------------'
    )
  ) AS metasql_data_version,
  CAST({'audio': sample.metasql_provenance__audio, 'boundaries': sample.metasql_provenance__boundaries} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field,
  CAST({'audio': COALESCE(sample.metasql_data_version__audio, sample.metasql_provenance__audio), 'boundaries': COALESCE(sample.metasql_data_version__boundaries, sample.metasql_provenance__boundaries)} AS MAP(TEXT, TEXT)) AS metasql_data_version_by_field,
  sample.metasql_feature_version,
  sample.metasql_run_id,
  sample.metasql_created_at,
  sample.metasql_updated_at,
  sample.metasql_deleted_at,
  sample.metasql_commit
FROM main.clip__cut__samples AS sample
WHERE
  sample.metasql_deleted_at IS NULL;
