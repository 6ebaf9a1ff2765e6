-- video/face_crop: the live samples.
SELECT
  sample.video_id,
  sample.path,
  sample.frame_count,
  sample.metasql_recipe__audio,
  sample.metasql_inputs__audio,
  sample.metasql_provenance__audio,
  COALESCE(sample.metasql_data_version__audio, sample.metasql_provenance__audio) AS metasql_data_version__audio,
  sample.metasql_recipe__frames,
  sample.metasql_inputs__frames,
  sample.metasql_provenance__frames,
  COALESCE(sample.metasql_data_version__frames, sample.metasql_provenance__frames) AS metasql_data_version__frames,
  MD5(
    COALESCE(sample.metasql_provenance__audio, '--------------------------------') || COALESCE(sample.metasql_provenance__frames, '--------------------------------')
  ) AS metasql_provenance,
  MD5(
    COALESCE(
      COALESCE(sample.metasql_data_version__audio, sample.metasql_provenance__audio),
      '--------------------------------'
    ) || COALESCE(
      COALESCE(sample.metasql_data_version__frames, sample.metasql_provenance__frames),
      '--------------------------------'
    )
  ) AS metasql_data_version,
  CAST({'audio': sample.metasql_provenance__audio, 'frames': sample.metasql_provenance__frames} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field,
  CAST({'audio': COALESCE(sample.metasql_data_version__audio, sample.metasql_provenance__audio), 'frames': COALESCE(sample.metasql_data_version__frames, sample.metasql_provenance__frames)} AS MAP(TEXT, TEXT)) AS metasql_data_version_by_field,
  sample.metasql_feature_version,
  sample.metasql_run_id,
  sample.metasql_created_at,
  sample.metasql_updated_at,
  sample.metasql_deleted_at,
  sample.metasql_commit
FROM main.video__face_crop__samples AS sample
WHERE
  sample.metasql_deleted_at IS NULL;
