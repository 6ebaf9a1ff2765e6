-- clip/cut: what `metasql run` executes, in one transaction.

-- the increment: which samples are new, stale or orphaned
CREATE OR REPLACE TEMPORARY TABLE metasql_work AS
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
)
SELECT
  judged.video_id,
  judged.metasql_status,
  '58d249dc721c1d9cd95d6f66efc604b7' AS metasql_recipe__boundaries,
  judged.metasql_inputs__boundaries,
  MD5('58d249dc721c1d9cd95d6f66efc604b7' || judged.metasql_inputs__boundaries) AS metasql_provenance__boundaries,
  '876cf881e4a8a1451f2b480770caeddb' AS metasql_recipe__audio,
  judged.metasql_inputs__audio,
  MD5('876cf881e4a8a1451f2b480770caeddb' || judged.metasql_inputs__audio) AS metasql_provenance__audio
FROM judged
WHERE
  NOT judged.metasql_status IS NULL;

-- compute them
CREATE OR REPLACE TEMPORARY TABLE metasql_result AS
SELECT
  CAST(body.video_id AS TEXT) AS video_id,
  body.clip_index,
  CAST(body.speaker_id AS TEXT) AS speaker_id,
  body.start_s,
  body.end_s,
  CAST(body.audio_etag AS TEXT) AS audio_etag
FROM (
  WITH ref_video__full AS (
    /* video/full: the live samples that this run needs */
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
      sample.recorded_on
    FROM main.video__full__samples AS sample
    WHERE
      sample.metasql_deleted_at IS NULL
      AND EXISTS(
        SELECT
          1
        FROM metasql_work
        WHERE
          metasql_work.video_id = sample.video_id
      )
  )
  SELECT
    video.video_id,
    piece.clip_index,
    video.speaker_id,
    piece.clip_index * 20 AS start_s,
    (
      piece.clip_index + 1
    ) * 20 AS end_s,
    video.audio_etag
  FROM ref_video__full AS video
  CROSS JOIN UNNEST(RANGE(0, CAST(FLOOR(video.duration_s / 20) AS BIGINT))) AS piece(clip_index)
) AS body
WHERE
  EXISTS(
    SELECT
      1
    FROM metasql_work
    WHERE
      metasql_work.video_id = body.video_id
      AND metasql_work.metasql_status IN ('new', 'stale', 'settled')
  )
  OR body.video_id IS NULL
  OR body.clip_index IS NULL;

-- check: no id is NULL (rows are errors MS0621)
SELECT
  CAST(result.video_id AS TEXT) AS video_id,
  CAST(result.clip_index AS TEXT) AS clip_index
FROM metasql_result AS result
WHERE
  result.video_id IS NULL OR result.clip_index IS NULL
LIMIT 5;

-- check: no id comes twice (rows are errors MS0622)
SELECT
  CAST(result.video_id AS TEXT) AS video_id,
  CAST(result.clip_index AS TEXT) AS clip_index,
  COUNT(*) AS metasql_rows
FROM metasql_result AS result
GROUP BY
  result.video_id,
  result.clip_index
HAVING
  COUNT(*) > 1
LIMIT 5;

-- the inputs that were processed
CREATE OR REPLACE TEMPORARY TABLE metasql_incoming_inputs AS
SELECT
  work.video_id,
  work.metasql_recipe__boundaries,
  work.metasql_inputs__boundaries,
  work.metasql_provenance__boundaries,
  work.metasql_recipe__audio,
  work.metasql_inputs__audio,
  work.metasql_provenance__audio,
  CAST(NULL AS TEXT) AS metasql_data_version__boundaries,
  CAST(NULL AS TEXT) AS metasql_data_version__audio,
  COALESCE(child.metasql_rows, 0) AS metasql_children,
  '687dac10471b26066bd228925590c8d6' AS metasql_feature_version
FROM metasql_work AS work
LEFT JOIN (
  SELECT
    result.video_id,
    COUNT(*) AS metasql_rows
  FROM metasql_result AS result
  GROUP BY
    result.video_id
) AS child
  ON work.video_id = child.video_id
WHERE
  work.metasql_status IN ('new', 'stale', 'settled');

-- the rows as they will be stored
CREATE OR REPLACE TEMPORARY TABLE metasql_incoming AS
SELECT
  made.video_id,
  made.clip_index,
  made.speaker_id,
  made.start_s,
  made.end_s,
  made.audio_etag,
  made.metasql_recipe__boundaries,
  made.metasql_inputs__boundaries,
  made.metasql_provenance__boundaries,
  made.metasql_data_version__boundaries,
  made.metasql_recipe__audio,
  made.metasql_inputs__audio,
  made.metasql_provenance__audio,
  made.metasql_data_version__audio,
  made.metasql_feature_version
FROM (
  SELECT
    result.video_id,
    result.clip_index,
    result.speaker_id,
    result.start_s,
    result.end_s,
    result.audio_etag,
    work.metasql_recipe__boundaries,
    work.metasql_inputs__boundaries,
    work.metasql_provenance__boundaries,
    work.metasql_recipe__audio,
    work.metasql_inputs__audio,
    work.metasql_provenance__audio,
    MD5(
      '7:content' || COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(result.end_s) IN ('DOUBLE', 'FLOAT')
            THEN CASE
              WHEN ISNAN(TRY_CAST(result.end_s AS DOUBLE))
              THEN 'nan'
              ELSE CAST(CAST(CAST(TRY_CAST(result.end_s AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
            END
            WHEN TYPEOF(result.end_s) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(
              REGEXP_REPLACE(CAST(result.end_s AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
              '^(-?)(\.|$)',
              '\10\2'
            )
            WHEN TYPEOF(result.end_s) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(result.end_s AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(result.end_s AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(result.end_s) IN ('DOUBLE', 'FLOAT')
          THEN CASE
            WHEN ISNAN(TRY_CAST(result.end_s AS DOUBLE))
            THEN 'nan'
            ELSE CAST(CAST(CAST(TRY_CAST(result.end_s AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
          END
          WHEN TYPEOF(result.end_s) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(
            REGEXP_REPLACE(CAST(result.end_s AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
            '^(-?)(\.|$)',
            '\10\2'
          )
          WHEN TYPEOF(result.end_s) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(result.end_s AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(result.end_s AS TEXT)
        END,
        '-'
      ) || COALESCE(CAST(STRLEN(result.speaker_id) AS TEXT) || ':' || result.speaker_id, '-') || COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(result.start_s) IN ('DOUBLE', 'FLOAT')
            THEN CASE
              WHEN ISNAN(TRY_CAST(result.start_s AS DOUBLE))
              THEN 'nan'
              ELSE CAST(CAST(CAST(TRY_CAST(result.start_s AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
            END
            WHEN TYPEOF(result.start_s) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(
              REGEXP_REPLACE(CAST(result.start_s AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
              '^(-?)(\.|$)',
              '\10\2'
            )
            WHEN TYPEOF(result.start_s) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(result.start_s AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(result.start_s AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(result.start_s) IN ('DOUBLE', 'FLOAT')
          THEN CASE
            WHEN ISNAN(TRY_CAST(result.start_s AS DOUBLE))
            THEN 'nan'
            ELSE CAST(CAST(CAST(TRY_CAST(result.start_s AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
          END
          WHEN TYPEOF(result.start_s) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(
            REGEXP_REPLACE(CAST(result.start_s AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
            '^(-?)(\.|$)',
            '\10\2'
          )
          WHEN TYPEOF(result.start_s) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(result.start_s AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(result.start_s AS TEXT)
        END,
        '-'
      )
    ) AS metasql_data_version__boundaries,
    MD5(
      '7:content' || COALESCE(CAST(STRLEN(result.audio_etag) AS TEXT) || ':' || result.audio_etag, '-')
    ) AS metasql_data_version__audio,
    '687dac10471b26066bd228925590c8d6' AS metasql_feature_version
  FROM metasql_result AS result
  JOIN metasql_work AS work
    ON work.video_id = result.video_id
  WHERE
    work.metasql_status IN ('new', 'stale', 'settled')
) AS made;

-- the rows that differ from what is stored
CREATE OR REPLACE TEMPORARY TABLE metasql_changed AS
SELECT
  incoming.video_id,
  incoming.clip_index,
  incoming.speaker_id,
  incoming.start_s,
  incoming.end_s,
  incoming.audio_etag,
  incoming.metasql_recipe__boundaries,
  incoming.metasql_inputs__boundaries,
  incoming.metasql_provenance__boundaries,
  incoming.metasql_data_version__boundaries,
  incoming.metasql_recipe__audio,
  incoming.metasql_inputs__audio,
  incoming.metasql_provenance__audio,
  incoming.metasql_data_version__audio,
  incoming.metasql_feature_version,
  CASE WHEN stored.metasql_deleted_at IS NULL THEN stored.metasql_created_at END AS metasql_created_at
FROM metasql_incoming AS incoming
LEFT JOIN main.clip__cut__samples AS stored
  ON incoming.video_id = stored.video_id AND incoming.clip_index = stored.clip_index
WHERE
  stored.video_id IS NULL
  OR NOT stored.metasql_deleted_at IS NULL
  OR incoming.speaker_id IS DISTINCT FROM stored.speaker_id
  OR incoming.start_s IS DISTINCT FROM stored.start_s
  OR incoming.end_s IS DISTINCT FROM stored.end_s
  OR incoming.audio_etag IS DISTINCT FROM stored.audio_etag
  OR incoming.metasql_recipe__boundaries IS DISTINCT FROM stored.metasql_recipe__boundaries
  OR incoming.metasql_inputs__boundaries IS DISTINCT FROM stored.metasql_inputs__boundaries
  OR incoming.metasql_data_version__boundaries IS DISTINCT FROM stored.metasql_data_version__boundaries
  OR incoming.metasql_recipe__audio IS DISTINCT FROM stored.metasql_recipe__audio
  OR incoming.metasql_inputs__audio IS DISTINCT FROM stored.metasql_inputs__audio
  OR incoming.metasql_data_version__audio IS DISTINCT FROM stored.metasql_data_version__audio;

-- the rows that differ from what is stored
CREATE OR REPLACE TEMPORARY TABLE metasql_changed_inputs AS
SELECT
  incoming.video_id,
  incoming.metasql_recipe__boundaries,
  incoming.metasql_inputs__boundaries,
  incoming.metasql_provenance__boundaries,
  incoming.metasql_data_version__boundaries,
  incoming.metasql_recipe__audio,
  incoming.metasql_inputs__audio,
  incoming.metasql_provenance__audio,
  incoming.metasql_data_version__audio,
  incoming.metasql_children,
  incoming.metasql_feature_version,
  CASE WHEN stored.metasql_deleted_at IS NULL THEN stored.metasql_created_at END AS metasql_created_at
FROM metasql_incoming_inputs AS incoming
LEFT JOIN main.clip__cut__inputs AS stored
  ON incoming.video_id = stored.video_id
WHERE
  stored.video_id IS NULL
  OR NOT stored.metasql_deleted_at IS NULL
  OR NOT stored.metasql_reopened_at IS NULL
  OR incoming.metasql_recipe__boundaries IS DISTINCT FROM stored.metasql_recipe__boundaries
  OR incoming.metasql_inputs__boundaries IS DISTINCT FROM stored.metasql_inputs__boundaries
  OR incoming.metasql_data_version__boundaries IS DISTINCT FROM stored.metasql_data_version__boundaries
  OR incoming.metasql_recipe__audio IS DISTINCT FROM stored.metasql_recipe__audio
  OR incoming.metasql_inputs__audio IS DISTINCT FROM stored.metasql_inputs__audio
  OR incoming.metasql_data_version__audio IS DISTINCT FROM stored.metasql_data_version__audio
  OR incoming.metasql_children IS DISTINCT FROM stored.metasql_children;

-- children that their input no longer gives
CREATE OR REPLACE TEMPORARY TABLE metasql_lost AS
SELECT
  stored.video_id,
  stored.clip_index
FROM main.clip__cut__samples AS stored
WHERE
  EXISTS(
    SELECT
      1
    FROM metasql_incoming_inputs AS incoming_input
    WHERE
      incoming_input.video_id = stored.video_id
  )
  AND stored.metasql_deleted_at IS NULL
  AND NOT EXISTS(
    SELECT
      1
    FROM metasql_incoming AS incoming
    WHERE
      incoming.video_id = stored.video_id AND incoming.clip_index = stored.clip_index
  );

-- children that their input no longer gives are deleted
UPDATE main.clip__cut__samples AS stored SET metasql_run_id = '<run id>', metasql_updated_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_deleted_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_commit = 0
FROM metasql_lost AS source
WHERE
  stored.video_id = source.video_id AND stored.clip_index = source.clip_index;

-- the new rows, in the place of those that they replace
DELETE FROM main.clip__cut__samples AS stored USING   metasql_changed AS source
WHERE
  stored.video_id = source.video_id AND stored.clip_index = source.clip_index;
INSERT INTO main.clip__cut__samples (
  video_id,
  clip_index,
  speaker_id,
  start_s,
  end_s,
  audio_etag,
  metasql_recipe__boundaries,
  metasql_inputs__boundaries,
  metasql_provenance__boundaries,
  metasql_data_version__boundaries,
  metasql_recipe__audio,
  metasql_inputs__audio,
  metasql_provenance__audio,
  metasql_data_version__audio,
  metasql_feature_version,
  metasql_run_id,
  metasql_updated_at,
  metasql_deleted_at,
  metasql_commit,
  metasql_created_at
)
SELECT
  source.video_id,
  source.clip_index,
  source.speaker_id,
  source.start_s,
  source.end_s,
  source.audio_etag,
  source.metasql_recipe__boundaries,
  source.metasql_inputs__boundaries,
  source.metasql_provenance__boundaries,
  source.metasql_data_version__boundaries,
  source.metasql_recipe__audio,
  source.metasql_inputs__audio,
  source.metasql_provenance__audio,
  source.metasql_data_version__audio,
  source.metasql_feature_version,
  '<run id>' AS metasql_run_id,
  CAST('1970-01-01 00:00:00' AS TIMESTAMP) AS metasql_updated_at,
  CAST(NULL AS TIMESTAMP) AS metasql_deleted_at,
  0 AS metasql_commit,
  COALESCE(source.metasql_created_at, CAST('1970-01-01 00:00:00' AS TIMESTAMP)) AS metasql_created_at
FROM metasql_changed AS source;

-- the new rows, in the place of those that they replace
DELETE FROM main.clip__cut__inputs AS stored USING   metasql_changed_inputs AS source
WHERE
  stored.video_id = source.video_id;
INSERT INTO main.clip__cut__inputs (
  video_id,
  metasql_recipe__boundaries,
  metasql_inputs__boundaries,
  metasql_provenance__boundaries,
  metasql_data_version__boundaries,
  metasql_recipe__audio,
  metasql_inputs__audio,
  metasql_provenance__audio,
  metasql_data_version__audio,
  metasql_children,
  metasql_feature_version,
  metasql_run_id,
  metasql_updated_at,
  metasql_deleted_at,
  metasql_commit,
  metasql_created_at
)
SELECT
  source.video_id,
  source.metasql_recipe__boundaries,
  source.metasql_inputs__boundaries,
  source.metasql_provenance__boundaries,
  source.metasql_data_version__boundaries,
  source.metasql_recipe__audio,
  source.metasql_inputs__audio,
  source.metasql_provenance__audio,
  source.metasql_data_version__audio,
  source.metasql_children,
  source.metasql_feature_version,
  '<run id>' AS metasql_run_id,
  CAST('1970-01-01 00:00:00' AS TIMESTAMP) AS metasql_updated_at,
  CAST(NULL AS TIMESTAMP) AS metasql_deleted_at,
  0 AS metasql_commit,
  COALESCE(source.metasql_created_at, CAST('1970-01-01 00:00:00' AS TIMESTAMP)) AS metasql_created_at
FROM metasql_changed_inputs AS source;

-- orphaned rows of the samples
CREATE OR REPLACE TEMPORARY TABLE metasql_orphans_samples AS
SELECT
  stored.video_id,
  stored.clip_index
FROM main.clip__cut__samples AS stored
WHERE
  EXISTS(
    SELECT
      1
    FROM metasql_work AS work
    WHERE
      stored.video_id = work.video_id AND work.metasql_status = 'orphaned'
  )
  AND (
    stored.metasql_deleted_at IS NULL
  );

-- orphaned samples are deleted
UPDATE main.clip__cut__samples AS stored SET metasql_run_id = '<run id>', metasql_updated_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_deleted_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_commit = 0
FROM metasql_orphans_samples AS source
WHERE
  stored.video_id = source.video_id AND stored.clip_index = source.clip_index;

-- orphaned rows of the inputs
CREATE OR REPLACE TEMPORARY TABLE metasql_orphans_inputs AS
SELECT
  stored.video_id
FROM main.clip__cut__inputs AS stored
WHERE
  EXISTS(
    SELECT
      1
    FROM metasql_work AS work
    WHERE
      stored.video_id = work.video_id AND work.metasql_status = 'orphaned'
  )
  AND (
    stored.metasql_deleted_at IS NULL
  );

-- orphaned samples are deleted
UPDATE main.clip__cut__inputs AS stored SET metasql_run_id = '<run id>', metasql_updated_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_deleted_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_commit = 0
FROM metasql_orphans_inputs AS source
WHERE
  stored.video_id = source.video_id;

