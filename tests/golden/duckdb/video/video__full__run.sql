-- video/full: what `metasql run` executes, in one transaction.

-- read the source, once
CREATE OR REPLACE TEMPORARY TABLE metasql_result AS
SELECT
  CAST(body.video_id AS TEXT) AS video_id,
  CAST(body.speaker_id AS TEXT) AS speaker_id,
  CAST(body.path AS TEXT) AS path,
  CAST(body.duration_s AS DECIMAL(9, 1)) AS duration_s,
  CAST(body.width_px AS INT) AS width_px,
  CAST(body.height_px AS INT) AS height_px,
  body.pixels,
  CAST(body.audio_etag AS TEXT) AS audio_etag,
  CAST(body.frames_sha256 AS TEXT) AS frames_sha256,
  CAST(body.recorded_on AS DATE) AS recorded_on
FROM (
  /* The body of a root: one SELECT with named columns. A seed is read with ref, by its file's name; */
  /* its types are in seeds/seeds.yml. */
  SELECT
    video_id,
    speaker_id,
    path,
    duration_s,
    width_px,
    height_px,
    width_px * height_px AS pixels,
    audio_etag,
    frames_sha256,
    recorded_on
  FROM main.raw_videos AS raw_videos
) AS body;

-- check: no id is NULL (rows are errors MS0621)
SELECT
  CAST(result.video_id AS TEXT) AS video_id
FROM metasql_result AS result
WHERE
  result.video_id IS NULL
LIMIT 5;

-- check: no id comes twice (rows are errors MS0622)
SELECT
  CAST(result.video_id AS TEXT) AS video_id,
  COUNT(*) AS metasql_rows
FROM metasql_result AS result
GROUP BY
  result.video_id
HAVING
  COUNT(*) > 1
LIMIT 5;

-- the increment: which samples are new, stale or orphaned
CREATE OR REPLACE TEMPORARY TABLE metasql_work AS
WITH expected AS (
  /* the rows of the source, and the content of each field as a hash */
  SELECT
    source.video_id,
    source.speaker_id,
    source.path,
    source.duration_s,
    source.width_px,
    source.height_px,
    source.pixels,
    source.audio_etag,
    source.frames_sha256,
    source.recorded_on,
    MD5(
      COALESCE(CAST(STRLEN(source.audio_etag) AS TEXT) || ':' || source.audio_etag, '-')
    ) AS metasql_inputs__audio,
    MD5(
      COALESCE(CAST(STRLEN(source.frames_sha256) AS TEXT) || ':' || source.frames_sha256, '-') || COALESCE(
        CAST(STRLEN(CAST(source.width_px AS TEXT)) AS TEXT) || ':' || CAST(source.width_px AS TEXT),
        '-'
      ) || COALESCE(
        CAST(STRLEN(CAST(source.height_px AS TEXT)) AS TEXT) || ':' || CAST(source.height_px AS TEXT),
        '-'
      ) || COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.pixels) IN ('DOUBLE', 'FLOAT')
            THEN CASE
              WHEN ISNAN(TRY_CAST(source.pixels AS DOUBLE))
              THEN 'nan'
              ELSE CAST(CAST(CAST(TRY_CAST(source.pixels AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
            END
            WHEN TYPEOF(source.pixels) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(
              REGEXP_REPLACE(CAST(source.pixels AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
              '^(-?)(\.|$)',
              '\10\2'
            )
            WHEN TYPEOF(source.pixels) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.pixels AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.pixels AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.pixels) IN ('DOUBLE', 'FLOAT')
          THEN CASE
            WHEN ISNAN(TRY_CAST(source.pixels AS DOUBLE))
            THEN 'nan'
            ELSE CAST(CAST(CAST(TRY_CAST(source.pixels AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
          END
          WHEN TYPEOF(source.pixels) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(
            REGEXP_REPLACE(CAST(source.pixels AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
            '^(-?)(\.|$)',
            '\10\2'
          )
          WHEN TYPEOF(source.pixels) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.pixels AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.pixels AS TEXT)
        END,
        '-'
      )
    ) AS metasql_inputs__frames,
    MD5(
      COALESCE(CAST(STRLEN(source.speaker_id) AS TEXT) || ':' || source.speaker_id, '-') || COALESCE(
        CAST(STRLEN(
          REGEXP_REPLACE(
            REGEXP_REPLACE(CAST(source.duration_s AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
            '^(-?)(\.|$)',
            '\10\2'
          )
        ) AS TEXT) || ':' || REGEXP_REPLACE(
          REGEXP_REPLACE(CAST(source.duration_s AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
          '^(-?)(\.|$)',
          '\10\2'
        ),
        '-'
      )
    ) AS metasql_inputs__facts,
    MD5(
      COALESCE(CAST(STRLEN(source.path) AS TEXT) || ':' || source.path, '-') || COALESCE(
        CAST(STRLEN(CAST(source.recorded_on AS TEXT)) AS TEXT) || ':' || CAST(source.recorded_on AS TEXT),
        '-'
      )
    ) AS metasql_inputs__file,
    TRUE AS metasql_expected
  FROM metasql_result AS source
  WHERE
    NOT source.video_id IS NULL
), stored AS (
  /* what is there, with what it was made of */
  SELECT
    sample.video_id,
    sample.metasql_recipe__audio,
    sample.metasql_inputs__audio,
    sample.metasql_provenance__audio,
    sample.metasql_recipe__frames,
    sample.metasql_inputs__frames,
    sample.metasql_provenance__frames,
    sample.metasql_recipe__facts,
    sample.metasql_inputs__facts,
    sample.metasql_provenance__facts,
    sample.metasql_recipe__file,
    sample.metasql_inputs__file,
    sample.metasql_provenance__file,
    FALSE AS metasql_predicate,
    FALSE AS metasql_reopened
  FROM main.video__full__samples AS sample
  WHERE
    sample.metasql_deleted_at IS NULL
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
    expected.metasql_inputs__audio,
    expected.metasql_inputs__frames,
    expected.metasql_inputs__facts,
    expected.metasql_inputs__file,
    stored.metasql_provenance__audio AS metasql_previous__audio,
    stored.metasql_recipe__audio IS DISTINCT FROM 'f28f8e2bc47dfe086eb10c87f9567adb'
    OR stored.metasql_inputs__audio IS DISTINCT FROM expected.metasql_inputs__audio AS metasql_differs__audio,
    stored.metasql_provenance__frames AS metasql_previous__frames,
    stored.metasql_recipe__frames IS DISTINCT FROM '1bd12c265d94186b3ff12cdb88a57c89'
    OR stored.metasql_inputs__frames IS DISTINCT FROM expected.metasql_inputs__frames AS metasql_differs__frames,
    stored.metasql_provenance__facts AS metasql_previous__facts,
    stored.metasql_recipe__facts IS DISTINCT FROM '27ce30bd27aaf2f137732e249880881b'
    OR stored.metasql_inputs__facts IS DISTINCT FROM expected.metasql_inputs__facts AS metasql_differs__facts,
    stored.metasql_provenance__file AS metasql_previous__file,
    stored.metasql_recipe__file IS DISTINCT FROM '2188c6ad6cc0b8ebc29f6a10257a534a'
    OR stored.metasql_inputs__file IS DISTINCT FROM expected.metasql_inputs__file AS metasql_differs__file,
    stored.metasql_recipe__audio IS DISTINCT FROM 'f28f8e2bc47dfe086eb10c87f9567adb'
    OR stored.metasql_recipe__frames IS DISTINCT FROM '1bd12c265d94186b3ff12cdb88a57c89'
    OR stored.metasql_recipe__facts IS DISTINCT FROM '27ce30bd27aaf2f137732e249880881b'
    OR stored.metasql_recipe__file IS DISTINCT FROM '2188c6ad6cc0b8ebc29f6a10257a534a' AS metasql_by_code,
    NOT expected.metasql_expected IS NULL AS metasql_is_expected,
    COALESCE(stored.metasql_reopened, TRUE) AS metasql_is_new,
    COALESCE(stored.metasql_predicate, FALSE) AS metasql_is_matched,
    NOT expected.metasql_expected IS NULL
    AND (
      expected.metasql_inputs__audio IS NULL
      OR expected.metasql_inputs__frames IS NULL
      OR expected.metasql_inputs__facts IS NULL
      OR expected.metasql_inputs__file IS NULL
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
      WHEN metasql_differs__audio
      OR metasql_differs__frames
      OR metasql_differs__facts
      OR metasql_differs__file
      OR metasql_is_matched
      THEN 'stale'
    END AS metasql_status,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__audio
    ) AS metasql_stale__audio,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__frames
    ) AS metasql_stale__frames,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__facts
    ) AS metasql_stale__facts,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__file
    ) AS metasql_stale__file
  FROM compared
)
SELECT
  judged.video_id,
  COALESCE(judged.metasql_status, 'settled') AS metasql_status,
  'f28f8e2bc47dfe086eb10c87f9567adb' AS metasql_recipe__audio,
  judged.metasql_inputs__audio,
  MD5('f28f8e2bc47dfe086eb10c87f9567adb' || judged.metasql_inputs__audio) AS metasql_provenance__audio,
  '1bd12c265d94186b3ff12cdb88a57c89' AS metasql_recipe__frames,
  judged.metasql_inputs__frames,
  MD5('1bd12c265d94186b3ff12cdb88a57c89' || judged.metasql_inputs__frames) AS metasql_provenance__frames,
  '27ce30bd27aaf2f137732e249880881b' AS metasql_recipe__facts,
  judged.metasql_inputs__facts,
  MD5('27ce30bd27aaf2f137732e249880881b' || judged.metasql_inputs__facts) AS metasql_provenance__facts,
  '2188c6ad6cc0b8ebc29f6a10257a534a' AS metasql_recipe__file,
  judged.metasql_inputs__file,
  MD5('2188c6ad6cc0b8ebc29f6a10257a534a' || judged.metasql_inputs__file) AS metasql_provenance__file
FROM judged;

-- the rows as they will be stored
CREATE OR REPLACE TEMPORARY TABLE metasql_incoming AS
SELECT
  made.video_id,
  made.speaker_id,
  made.path,
  made.duration_s,
  made.width_px,
  made.height_px,
  made.pixels,
  made.audio_etag,
  made.frames_sha256,
  made.recorded_on,
  made.metasql_recipe__audio,
  made.metasql_inputs__audio,
  made.metasql_provenance__audio,
  made.metasql_data_version__audio,
  made.metasql_recipe__frames,
  made.metasql_inputs__frames,
  made.metasql_provenance__frames,
  made.metasql_data_version__frames,
  made.metasql_recipe__facts,
  made.metasql_inputs__facts,
  made.metasql_provenance__facts,
  made.metasql_data_version__facts,
  made.metasql_recipe__file,
  made.metasql_inputs__file,
  made.metasql_provenance__file,
  made.metasql_data_version__file,
  made.metasql_feature_version
FROM (
  SELECT
    result.video_id,
    result.speaker_id,
    result.path,
    result.duration_s,
    result.width_px,
    result.height_px,
    result.pixels,
    result.audio_etag,
    result.frames_sha256,
    result.recorded_on,
    work.metasql_recipe__audio,
    work.metasql_inputs__audio,
    work.metasql_provenance__audio,
    work.metasql_recipe__frames,
    work.metasql_inputs__frames,
    work.metasql_provenance__frames,
    work.metasql_recipe__facts,
    work.metasql_inputs__facts,
    work.metasql_provenance__facts,
    work.metasql_recipe__file,
    work.metasql_inputs__file,
    work.metasql_provenance__file,
    CAST(NULL AS TEXT) AS metasql_data_version__audio,
    CAST(NULL AS TEXT) AS metasql_data_version__frames,
    CAST(NULL AS TEXT) AS metasql_data_version__facts,
    CAST(NULL AS TEXT) AS metasql_data_version__file,
    '756735c0fd27d45dad136a65f673568d' AS metasql_feature_version
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
  incoming.speaker_id,
  incoming.path,
  incoming.duration_s,
  incoming.width_px,
  incoming.height_px,
  incoming.pixels,
  incoming.audio_etag,
  incoming.frames_sha256,
  incoming.recorded_on,
  incoming.metasql_recipe__audio,
  incoming.metasql_inputs__audio,
  incoming.metasql_provenance__audio,
  COALESCE(
    incoming.metasql_data_version__audio,
    CASE
      WHEN stored.metasql_deleted_at IS NULL
      AND incoming.metasql_provenance__audio = stored.metasql_provenance__audio
      THEN stored.metasql_data_version__audio
    END
  ) AS metasql_data_version__audio,
  incoming.metasql_recipe__frames,
  incoming.metasql_inputs__frames,
  incoming.metasql_provenance__frames,
  COALESCE(
    incoming.metasql_data_version__frames,
    CASE
      WHEN stored.metasql_deleted_at IS NULL
      AND incoming.metasql_provenance__frames = stored.metasql_provenance__frames
      THEN stored.metasql_data_version__frames
    END
  ) AS metasql_data_version__frames,
  incoming.metasql_recipe__facts,
  incoming.metasql_inputs__facts,
  incoming.metasql_provenance__facts,
  COALESCE(
    incoming.metasql_data_version__facts,
    CASE
      WHEN stored.metasql_deleted_at IS NULL
      AND incoming.metasql_provenance__facts = stored.metasql_provenance__facts
      THEN stored.metasql_data_version__facts
    END
  ) AS metasql_data_version__facts,
  incoming.metasql_recipe__file,
  incoming.metasql_inputs__file,
  incoming.metasql_provenance__file,
  COALESCE(
    incoming.metasql_data_version__file,
    CASE
      WHEN stored.metasql_deleted_at IS NULL
      AND incoming.metasql_provenance__file = stored.metasql_provenance__file
      THEN stored.metasql_data_version__file
    END
  ) AS metasql_data_version__file,
  incoming.metasql_feature_version,
  CASE WHEN stored.metasql_deleted_at IS NULL THEN stored.metasql_created_at END AS metasql_created_at
FROM metasql_incoming AS incoming
LEFT JOIN main.video__full__samples AS stored
  ON incoming.video_id = stored.video_id
WHERE
  stored.video_id IS NULL
  OR NOT stored.metasql_deleted_at IS NULL
  OR incoming.speaker_id IS DISTINCT FROM stored.speaker_id
  OR incoming.path IS DISTINCT FROM stored.path
  OR incoming.duration_s IS DISTINCT FROM stored.duration_s
  OR incoming.width_px IS DISTINCT FROM stored.width_px
  OR incoming.height_px IS DISTINCT FROM stored.height_px
  OR incoming.pixels IS DISTINCT FROM stored.pixels
  OR incoming.audio_etag IS DISTINCT FROM stored.audio_etag
  OR incoming.frames_sha256 IS DISTINCT FROM stored.frames_sha256
  OR incoming.recorded_on IS DISTINCT FROM stored.recorded_on
  OR incoming.metasql_recipe__audio IS DISTINCT FROM stored.metasql_recipe__audio
  OR incoming.metasql_inputs__audio IS DISTINCT FROM stored.metasql_inputs__audio
  OR COALESCE(
    incoming.metasql_data_version__audio,
    CASE
      WHEN stored.metasql_deleted_at IS NULL
      AND incoming.metasql_provenance__audio = stored.metasql_provenance__audio
      THEN stored.metasql_data_version__audio
    END
  ) IS DISTINCT FROM stored.metasql_data_version__audio
  OR incoming.metasql_recipe__frames IS DISTINCT FROM stored.metasql_recipe__frames
  OR incoming.metasql_inputs__frames IS DISTINCT FROM stored.metasql_inputs__frames
  OR COALESCE(
    incoming.metasql_data_version__frames,
    CASE
      WHEN stored.metasql_deleted_at IS NULL
      AND incoming.metasql_provenance__frames = stored.metasql_provenance__frames
      THEN stored.metasql_data_version__frames
    END
  ) IS DISTINCT FROM stored.metasql_data_version__frames
  OR incoming.metasql_recipe__facts IS DISTINCT FROM stored.metasql_recipe__facts
  OR incoming.metasql_inputs__facts IS DISTINCT FROM stored.metasql_inputs__facts
  OR COALESCE(
    incoming.metasql_data_version__facts,
    CASE
      WHEN stored.metasql_deleted_at IS NULL
      AND incoming.metasql_provenance__facts = stored.metasql_provenance__facts
      THEN stored.metasql_data_version__facts
    END
  ) IS DISTINCT FROM stored.metasql_data_version__facts
  OR incoming.metasql_recipe__file IS DISTINCT FROM stored.metasql_recipe__file
  OR incoming.metasql_inputs__file IS DISTINCT FROM stored.metasql_inputs__file
  OR COALESCE(
    incoming.metasql_data_version__file,
    CASE
      WHEN stored.metasql_deleted_at IS NULL
      AND incoming.metasql_provenance__file = stored.metasql_provenance__file
      THEN stored.metasql_data_version__file
    END
  ) IS DISTINCT FROM stored.metasql_data_version__file;

-- the new rows, in the place of those that they replace
DELETE FROM main.video__full__samples AS stored USING   metasql_changed AS source
WHERE
  stored.video_id = source.video_id;
INSERT INTO main.video__full__samples (
  video_id,
  speaker_id,
  path,
  duration_s,
  width_px,
  height_px,
  pixels,
  audio_etag,
  frames_sha256,
  recorded_on,
  metasql_recipe__audio,
  metasql_inputs__audio,
  metasql_provenance__audio,
  metasql_data_version__audio,
  metasql_recipe__frames,
  metasql_inputs__frames,
  metasql_provenance__frames,
  metasql_data_version__frames,
  metasql_recipe__facts,
  metasql_inputs__facts,
  metasql_provenance__facts,
  metasql_data_version__facts,
  metasql_recipe__file,
  metasql_inputs__file,
  metasql_provenance__file,
  metasql_data_version__file,
  metasql_feature_version,
  metasql_run_id,
  metasql_updated_at,
  metasql_deleted_at,
  metasql_commit,
  metasql_created_at
)
SELECT
  source.video_id,
  source.speaker_id,
  source.path,
  source.duration_s,
  source.width_px,
  source.height_px,
  source.pixels,
  source.audio_etag,
  source.frames_sha256,
  source.recorded_on,
  source.metasql_recipe__audio,
  source.metasql_inputs__audio,
  source.metasql_provenance__audio,
  source.metasql_data_version__audio,
  source.metasql_recipe__frames,
  source.metasql_inputs__frames,
  source.metasql_provenance__frames,
  source.metasql_data_version__frames,
  source.metasql_recipe__facts,
  source.metasql_inputs__facts,
  source.metasql_provenance__facts,
  source.metasql_data_version__facts,
  source.metasql_recipe__file,
  source.metasql_inputs__file,
  source.metasql_provenance__file,
  source.metasql_data_version__file,
  source.metasql_feature_version,
  '<run id>' AS metasql_run_id,
  CAST('1970-01-01 00:00:00' AS TIMESTAMP) AS metasql_updated_at,
  CAST(NULL AS TIMESTAMP) AS metasql_deleted_at,
  0 AS metasql_commit,
  COALESCE(source.metasql_created_at, CAST('1970-01-01 00:00:00' AS TIMESTAMP)) AS metasql_created_at
FROM metasql_changed AS source;

-- orphaned rows of the samples
CREATE OR REPLACE TEMPORARY TABLE metasql_orphans_samples AS
SELECT
  stored.video_id
FROM main.video__full__samples AS stored
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
UPDATE main.video__full__samples AS stored SET metasql_run_id = '<run id>', metasql_updated_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_deleted_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_commit = 0
FROM metasql_orphans_samples AS source
WHERE
  stored.video_id = source.video_id;

