-- video/face_crop: the units that could not be made, with the last error and the number of attempts.
SELECT
  attempt.video_id,
  attempt.metasql_error,
  attempt.metasql_attempts,
  attempt.metasql_failed_at,
  attempt.metasql_attempts >= 3 AS metasql_held_back,
  attempt.metasql_tried AS metasql_provenance,
  attempt.metasql_run_id,
  attempt.metasql_commit
FROM main.video__face_crop__attempts AS attempt
WHERE
  attempt.metasql_deleted_at IS NULL;
