-- speaker/footage: what `metasql run` executes, in one transaction.

-- the increment: which samples are new, stale or orphaned
CREATE OR REPLACE TEMPORARY TABLE metasql_work AS
WITH from_clip__scored AS (
  /* clip/scored: one row per group, with a digest of the set of its members */
  SELECT
    member.speaker_id,
    COUNT(*) AS metasql_members,
    CASE
      WHEN COUNT(member.metasql_version__place) = COUNT(*)
      THEN MD5(
        CAST(COUNT(*) AS TEXT) || ':' || CAST(SUM(CAST('0x' || SUBSTRING(member.metasql_version__place, 1, 16) AS UBIGINT)) % 18446744073709551616 AS TEXT) || ':' || CAST(SUM(CAST('0x' || SUBSTRING(member.metasql_version__place, 17, 16) AS UBIGINT)) % 18446744073709551616 AS TEXT)
      )
    END AS metasql_version__place,
    CASE
      WHEN COUNT(member.metasql_version__score) = COUNT(*)
      THEN MD5(
        CAST(COUNT(*) AS TEXT) || ':' || CAST(SUM(CAST('0x' || SUBSTRING(member.metasql_version__score, 1, 16) AS UBIGINT)) % 18446744073709551616 AS TEXT) || ':' || CAST(SUM(CAST('0x' || SUBSTRING(member.metasql_version__score, 17, 16) AS UBIGINT)) % 18446744073709551616 AS TEXT)
      )
    END AS metasql_version__score,
    TRUE AS metasql_found
  FROM (
    SELECT
      sample.speaker_id,
      MD5(
        COALESCE(CAST(STRLEN(sample.video_id) AS TEXT) || ':' || sample.video_id, '-') || COALESCE(
          CAST(STRLEN(
            CASE
              WHEN TYPEOF(sample.clip_index) IN ('DOUBLE', 'FLOAT')
              THEN CASE
                WHEN ISNAN(TRY_CAST(sample.clip_index AS DOUBLE))
                THEN 'nan'
                ELSE CAST(CAST(CAST(TRY_CAST(sample.clip_index AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
              END
              WHEN TYPEOF(sample.clip_index) LIKE 'DECIMAL%'
              THEN REGEXP_REPLACE(
                REGEXP_REPLACE(CAST(sample.clip_index AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
                '^(-?)(\.|$)',
                '\10\2'
              )
              WHEN TYPEOF(sample.clip_index) = 'TIMESTAMP WITH TIME ZONE'
              THEN CAST(TRY_CAST(sample.clip_index AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
              ELSE CAST(sample.clip_index AS TEXT)
            END
          ) AS TEXT) || ':' || CASE
            WHEN TYPEOF(sample.clip_index) IN ('DOUBLE', 'FLOAT')
            THEN CASE
              WHEN ISNAN(TRY_CAST(sample.clip_index AS DOUBLE))
              THEN 'nan'
              ELSE CAST(CAST(CAST(TRY_CAST(sample.clip_index AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
            END
            WHEN TYPEOF(sample.clip_index) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(
              REGEXP_REPLACE(CAST(sample.clip_index AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
              '^(-?)(\.|$)',
              '\10\2'
            )
            WHEN TYPEOF(sample.clip_index) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(sample.clip_index AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(sample.clip_index AS TEXT)
          END,
          '-'
        ) || COALESCE(sample.metasql_data_version__place, sample.metasql_provenance__place)
      ) AS metasql_version__place,
      MD5(
        COALESCE(CAST(STRLEN(sample.video_id) AS TEXT) || ':' || sample.video_id, '-') || COALESCE(
          CAST(STRLEN(
            CASE
              WHEN TYPEOF(sample.clip_index) IN ('DOUBLE', 'FLOAT')
              THEN CASE
                WHEN ISNAN(TRY_CAST(sample.clip_index AS DOUBLE))
                THEN 'nan'
                ELSE CAST(CAST(CAST(TRY_CAST(sample.clip_index AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
              END
              WHEN TYPEOF(sample.clip_index) LIKE 'DECIMAL%'
              THEN REGEXP_REPLACE(
                REGEXP_REPLACE(CAST(sample.clip_index AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
                '^(-?)(\.|$)',
                '\10\2'
              )
              WHEN TYPEOF(sample.clip_index) = 'TIMESTAMP WITH TIME ZONE'
              THEN CAST(TRY_CAST(sample.clip_index AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
              ELSE CAST(sample.clip_index AS TEXT)
            END
          ) AS TEXT) || ':' || CASE
            WHEN TYPEOF(sample.clip_index) IN ('DOUBLE', 'FLOAT')
            THEN CASE
              WHEN ISNAN(TRY_CAST(sample.clip_index AS DOUBLE))
              THEN 'nan'
              ELSE CAST(CAST(CAST(TRY_CAST(sample.clip_index AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
            END
            WHEN TYPEOF(sample.clip_index) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(
              REGEXP_REPLACE(CAST(sample.clip_index AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
              '^(-?)(\.|$)',
              '\10\2'
            )
            WHEN TYPEOF(sample.clip_index) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(sample.clip_index AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(sample.clip_index AS TEXT)
          END,
          '-'
        ) || COALESCE(sample.metasql_data_version__score, sample.metasql_provenance__score)
      ) AS metasql_version__score
    FROM main.clip__scored__samples AS sample
    WHERE
      sample.metasql_deleted_at IS NULL AND NOT sample.speaker_id IS NULL
  ) AS member
  GROUP BY
    member.speaker_id
), expected AS (
  /* the samples that upstream calls for, and what each field would be made of */
  SELECT
    from_clip__scored.speaker_id,
    from_clip__scored.metasql_members,
    from_clip__scored.metasql_version__place AS metasql_inputs__amount,
    MD5(
      from_clip__scored.metasql_version__place || from_clip__scored.metasql_version__score
    ) AS metasql_inputs__quality,
    TRUE AS metasql_expected
  FROM from_clip__scored
), stored AS (
  /* what is there, with what it was made of */
  SELECT
    sample.speaker_id,
    sample.metasql_recipe__amount,
    sample.metasql_inputs__amount,
    sample.metasql_provenance__amount,
    sample.metasql_recipe__quality,
    sample.metasql_inputs__quality,
    sample.metasql_provenance__quality,
    FALSE AS metasql_predicate,
    FALSE AS metasql_reopened
  FROM main.speaker__footage__samples AS sample
  WHERE
    sample.metasql_deleted_at IS NULL OR sample.metasql_no_row
), compared AS (
  /* both side by side: which fields were made otherwise */
  SELECT
    COALESCE(expected.speaker_id, stored.speaker_id) AS speaker_id,
    expected.metasql_members,
    expected.metasql_inputs__amount,
    expected.metasql_inputs__quality,
    stored.metasql_provenance__amount AS metasql_previous__amount,
    stored.metasql_recipe__amount IS DISTINCT FROM '04c1268c96b38e034ba69f7def737957'
    OR stored.metasql_inputs__amount IS DISTINCT FROM expected.metasql_inputs__amount AS metasql_differs__amount,
    stored.metasql_provenance__quality AS metasql_previous__quality,
    stored.metasql_recipe__quality IS DISTINCT FROM '1e92f7aebb1031d73170f3845e412b5b'
    OR stored.metasql_inputs__quality IS DISTINCT FROM expected.metasql_inputs__quality AS metasql_differs__quality,
    stored.metasql_recipe__amount IS DISTINCT FROM '04c1268c96b38e034ba69f7def737957'
    OR stored.metasql_recipe__quality IS DISTINCT FROM '1e92f7aebb1031d73170f3845e412b5b' AS metasql_by_code,
    NOT expected.metasql_expected IS NULL AS metasql_is_expected,
    COALESCE(stored.metasql_reopened, TRUE) AS metasql_is_new,
    COALESCE(stored.metasql_predicate, FALSE) AS metasql_is_matched,
    NOT expected.metasql_expected IS NULL
    AND (
      expected.metasql_inputs__amount IS NULL
      OR expected.metasql_inputs__quality IS NULL
    ) AS metasql_is_waiting
  FROM expected
  FULL JOIN stored
    ON expected.speaker_id = stored.speaker_id
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
      WHEN metasql_differs__amount OR metasql_differs__quality OR metasql_is_matched
      THEN 'stale'
    END AS metasql_status,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__amount
    ) AS metasql_stale__amount,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__quality
    ) AS metasql_stale__quality
  FROM compared
)
SELECT
  judged.speaker_id,
  judged.metasql_status,
  '04c1268c96b38e034ba69f7def737957' AS metasql_recipe__amount,
  judged.metasql_inputs__amount,
  MD5('04c1268c96b38e034ba69f7def737957' || judged.metasql_inputs__amount) AS metasql_provenance__amount,
  '1e92f7aebb1031d73170f3845e412b5b' AS metasql_recipe__quality,
  judged.metasql_inputs__quality,
  MD5('1e92f7aebb1031d73170f3845e412b5b' || judged.metasql_inputs__quality) AS metasql_provenance__quality
FROM judged
WHERE
  NOT judged.metasql_status IS NULL;

-- compute them
CREATE OR REPLACE TEMPORARY TABLE metasql_result AS
SELECT
  CAST(body.speaker_id AS TEXT) AS speaker_id,
  body.clips,
  CAST(body.seconds AS BIGINT) AS seconds,
  CAST(body.mean_quality AS DECIMAL(9, 3)) AS mean_quality
FROM (
  WITH ref_clip__scored AS (
    /* clip/scored: the live samples that this run needs */
    SELECT
      sample.video_id,
      sample.clip_index,
      sample.speaker_id,
      sample.start_s,
      sample.end_s,
      sample.score,
      sample.emotion
    FROM main.clip__scored__samples AS sample
    WHERE
      sample.metasql_deleted_at IS NULL
      AND EXISTS(
        SELECT
          1
        FROM metasql_work
        WHERE
          metasql_work.speaker_id = sample.speaker_id
      )
  )
  SELECT
    clip.speaker_id,
    COUNT(*) AS clips,
    CAST(SUM(clip.end_s - clip.start_s) AS BIGINT) AS seconds,
    CAST(AVG(clip.score) AS DECIMAL(9, 3)) AS mean_quality
  FROM ref_clip__scored AS clip
  WHERE
    NOT clip.speaker_id IS NULL
  GROUP BY
    clip.speaker_id
) AS body
WHERE
  EXISTS(
    SELECT
      1
    FROM metasql_work
    WHERE
      metasql_work.speaker_id = body.speaker_id
      AND metasql_work.metasql_status IN ('new', 'stale', 'settled')
  )
  OR body.speaker_id IS NULL;

-- check: no id is NULL (rows are errors MS0621)
SELECT
  CAST(result.speaker_id AS TEXT) AS speaker_id
FROM metasql_result AS result
WHERE
  result.speaker_id IS NULL
LIMIT 5;

-- check: no id comes twice (rows are errors MS0622)
SELECT
  CAST(result.speaker_id AS TEXT) AS speaker_id,
  COUNT(*) AS metasql_rows
FROM metasql_result AS result
GROUP BY
  result.speaker_id
HAVING
  COUNT(*) > 1
LIMIT 5;

-- the rows as they will be stored
CREATE OR REPLACE TEMPORARY TABLE metasql_incoming AS
SELECT
  made.speaker_id,
  made.clips,
  made.seconds,
  made.mean_quality,
  made.metasql_recipe__amount,
  made.metasql_inputs__amount,
  made.metasql_provenance__amount,
  made.metasql_data_version__amount,
  made.metasql_recipe__quality,
  made.metasql_inputs__quality,
  made.metasql_provenance__quality,
  made.metasql_data_version__quality,
  made.metasql_no_row,
  made.metasql_feature_version
FROM (
  SELECT
    work.speaker_id,
    result.clips,
    result.seconds,
    result.mean_quality,
    work.metasql_recipe__amount,
    work.metasql_inputs__amount,
    work.metasql_provenance__amount,
    work.metasql_recipe__quality,
    work.metasql_inputs__quality,
    work.metasql_provenance__quality,
    CASE
      WHEN NOT result.metasql_here IS NULL
      THEN MD5(
        '7:content' || COALESCE(
          CAST(STRLEN(
            CASE
              WHEN TYPEOF(result.clips) IN ('DOUBLE', 'FLOAT')
              THEN CASE
                WHEN ISNAN(TRY_CAST(result.clips AS DOUBLE))
                THEN 'nan'
                ELSE CAST(CAST(CAST(TRY_CAST(result.clips AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
              END
              WHEN TYPEOF(result.clips) LIKE 'DECIMAL%'
              THEN REGEXP_REPLACE(
                REGEXP_REPLACE(CAST(result.clips AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
                '^(-?)(\.|$)',
                '\10\2'
              )
              WHEN TYPEOF(result.clips) = 'TIMESTAMP WITH TIME ZONE'
              THEN CAST(TRY_CAST(result.clips AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
              ELSE CAST(result.clips AS TEXT)
            END
          ) AS TEXT) || ':' || CASE
            WHEN TYPEOF(result.clips) IN ('DOUBLE', 'FLOAT')
            THEN CASE
              WHEN ISNAN(TRY_CAST(result.clips AS DOUBLE))
              THEN 'nan'
              ELSE CAST(CAST(CAST(TRY_CAST(result.clips AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
            END
            WHEN TYPEOF(result.clips) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(
              REGEXP_REPLACE(CAST(result.clips AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
              '^(-?)(\.|$)',
              '\10\2'
            )
            WHEN TYPEOF(result.clips) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(result.clips AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(result.clips AS TEXT)
          END,
          '-'
        ) || COALESCE(
          CAST(STRLEN(CAST(result.seconds AS TEXT)) AS TEXT) || ':' || CAST(result.seconds AS TEXT),
          '-'
        )
      )
    END AS metasql_data_version__amount,
    CASE
      WHEN NOT result.metasql_here IS NULL
      THEN MD5(
        '7:content' || COALESCE(
          CAST(STRLEN(
            REGEXP_REPLACE(
              REGEXP_REPLACE(CAST(result.mean_quality AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
              '^(-?)(\.|$)',
              '\10\2'
            )
          ) AS TEXT) || ':' || REGEXP_REPLACE(
            REGEXP_REPLACE(CAST(result.mean_quality AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
            '^(-?)(\.|$)',
            '\10\2'
          ),
          '-'
        )
      )
    END AS metasql_data_version__quality,
    result.metasql_here IS NULL AS metasql_no_row,
    'becee21784a1771e4df7d86b6804298c' AS metasql_feature_version
  FROM metasql_work AS work
  LEFT JOIN (
    SELECT
      speaker_id,
      clips,
      seconds,
      mean_quality,
      TRUE AS metasql_here
    FROM metasql_result
  ) AS result
    ON work.speaker_id = result.speaker_id
  WHERE
    work.metasql_status IN ('new', 'stale', 'settled')
) AS made;

-- the rows that differ from what is stored
CREATE OR REPLACE TEMPORARY TABLE metasql_changed AS
SELECT
  incoming.speaker_id,
  incoming.clips,
  incoming.seconds,
  incoming.mean_quality,
  incoming.metasql_recipe__amount,
  incoming.metasql_inputs__amount,
  incoming.metasql_provenance__amount,
  incoming.metasql_data_version__amount,
  incoming.metasql_recipe__quality,
  incoming.metasql_inputs__quality,
  incoming.metasql_provenance__quality,
  incoming.metasql_data_version__quality,
  incoming.metasql_no_row,
  incoming.metasql_feature_version,
  CASE WHEN stored.metasql_deleted_at IS NULL THEN stored.metasql_created_at END AS metasql_created_at
FROM metasql_incoming AS incoming
LEFT JOIN main.speaker__footage__samples AS stored
  ON incoming.speaker_id = stored.speaker_id
WHERE
  stored.speaker_id IS NULL
  OR (
    NOT stored.metasql_deleted_at IS NULL AND NOT stored.metasql_no_row
  )
  OR incoming.clips IS DISTINCT FROM stored.clips
  OR incoming.seconds IS DISTINCT FROM stored.seconds
  OR incoming.mean_quality IS DISTINCT FROM stored.mean_quality
  OR incoming.metasql_recipe__amount IS DISTINCT FROM stored.metasql_recipe__amount
  OR incoming.metasql_inputs__amount IS DISTINCT FROM stored.metasql_inputs__amount
  OR incoming.metasql_data_version__amount IS DISTINCT FROM stored.metasql_data_version__amount
  OR incoming.metasql_recipe__quality IS DISTINCT FROM stored.metasql_recipe__quality
  OR incoming.metasql_inputs__quality IS DISTINCT FROM stored.metasql_inputs__quality
  OR incoming.metasql_data_version__quality IS DISTINCT FROM stored.metasql_data_version__quality
  OR incoming.metasql_no_row IS DISTINCT FROM stored.metasql_no_row;

-- the new rows, in the place of those that they replace
DELETE FROM main.speaker__footage__samples AS stored USING   metasql_changed AS source
WHERE
  stored.speaker_id = source.speaker_id;
INSERT INTO main.speaker__footage__samples (
  speaker_id,
  clips,
  seconds,
  mean_quality,
  metasql_recipe__amount,
  metasql_inputs__amount,
  metasql_provenance__amount,
  metasql_data_version__amount,
  metasql_recipe__quality,
  metasql_inputs__quality,
  metasql_provenance__quality,
  metasql_data_version__quality,
  metasql_no_row,
  metasql_feature_version,
  metasql_run_id,
  metasql_updated_at,
  metasql_deleted_at,
  metasql_commit,
  metasql_created_at
)
SELECT
  source.speaker_id,
  source.clips,
  source.seconds,
  source.mean_quality,
  source.metasql_recipe__amount,
  source.metasql_inputs__amount,
  source.metasql_provenance__amount,
  source.metasql_data_version__amount,
  source.metasql_recipe__quality,
  source.metasql_inputs__quality,
  source.metasql_provenance__quality,
  source.metasql_data_version__quality,
  source.metasql_no_row,
  source.metasql_feature_version,
  '<run id>' AS metasql_run_id,
  CAST('1970-01-01 00:00:00' AS TIMESTAMP) AS metasql_updated_at,
  CASE WHEN source.metasql_no_row THEN CAST('1970-01-01 00:00:00' AS TIMESTAMP) END AS metasql_deleted_at,
  0 AS metasql_commit,
  COALESCE(source.metasql_created_at, CAST('1970-01-01 00:00:00' AS TIMESTAMP)) AS metasql_created_at
FROM metasql_changed AS source;

-- orphaned rows of the samples
CREATE OR REPLACE TEMPORARY TABLE metasql_orphans_samples AS
SELECT
  stored.speaker_id
FROM main.speaker__footage__samples AS stored
WHERE
  EXISTS(
    SELECT
      1
    FROM metasql_work AS work
    WHERE
      stored.speaker_id = work.speaker_id AND work.metasql_status = 'orphaned'
  )
  AND (
    stored.metasql_deleted_at IS NULL OR stored.metasql_no_row
  );

-- orphaned samples are deleted
UPDATE main.speaker__footage__samples AS stored SET metasql_run_id = '<run id>', metasql_updated_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_deleted_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_commit = 0, metasql_no_row = FALSE
FROM metasql_orphans_samples AS source
WHERE
  stored.speaker_id = source.speaker_id;

