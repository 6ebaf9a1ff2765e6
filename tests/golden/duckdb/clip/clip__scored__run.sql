-- clip/scored: what `metasql run` executes, in one transaction.

-- the increment: which samples are new, stale or orphaned
CREATE OR REPLACE TEMPORARY TABLE metasql_work AS
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
), stored AS (
  /* what is there, with what it was made of */
  SELECT
    sample.video_id,
    sample.clip_index,
    sample.metasql_recipe__place,
    sample.metasql_inputs__place,
    sample.metasql_provenance__place,
    sample.metasql_recipe__score,
    sample.metasql_inputs__score,
    sample.metasql_provenance__score,
    FALSE AS metasql_predicate,
    FALSE AS metasql_reopened
  FROM main.clip__scored__samples AS sample
  WHERE
    sample.metasql_deleted_at IS NULL OR sample.metasql_no_row
), compared AS (
  /* both side by side: which fields were made otherwise */
  SELECT
    COALESCE(expected.video_id, stored.video_id) AS video_id,
    COALESCE(expected.clip_index, stored.clip_index) AS clip_index,
    expected.speaker_id,
    expected.start_s,
    expected.end_s,
    expected.quality,
    expected.emotion,
    expected.pixels,
    expected.metasql_inputs__place,
    expected.metasql_inputs__score,
    stored.metasql_provenance__place AS metasql_previous__place,
    stored.metasql_recipe__place IS DISTINCT FROM '4517176f19b6c5761cc0fb4517bfb533'
    OR stored.metasql_inputs__place IS DISTINCT FROM expected.metasql_inputs__place AS metasql_differs__place,
    stored.metasql_provenance__score AS metasql_previous__score,
    stored.metasql_recipe__score IS DISTINCT FROM 'd0ce49c4f3184768b35148d285d2ddd1'
    OR stored.metasql_inputs__score IS DISTINCT FROM expected.metasql_inputs__score AS metasql_differs__score,
    stored.metasql_recipe__place IS DISTINCT FROM '4517176f19b6c5761cc0fb4517bfb533'
    OR stored.metasql_recipe__score IS DISTINCT FROM 'd0ce49c4f3184768b35148d285d2ddd1' AS metasql_by_code,
    NOT expected.metasql_expected IS NULL AS metasql_is_expected,
    COALESCE(stored.metasql_reopened, TRUE) AS metasql_is_new,
    COALESCE(stored.metasql_predicate, FALSE) AS metasql_is_matched,
    NOT expected.metasql_expected IS NULL
    AND (
      expected.metasql_inputs__place IS NULL OR expected.metasql_inputs__score IS NULL
    ) AS metasql_is_waiting
  FROM expected
  FULL JOIN stored
    ON expected.video_id = stored.video_id AND expected.clip_index = stored.clip_index
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
      WHEN metasql_differs__place OR metasql_differs__score OR metasql_is_matched
      THEN 'stale'
    END AS metasql_status,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__place
    ) AS metasql_stale__place,
    metasql_is_expected
    AND (
      metasql_is_new OR metasql_is_matched OR metasql_differs__score
    ) AS metasql_stale__score
  FROM compared
)
SELECT
  judged.video_id,
  judged.clip_index,
  judged.metasql_status,
  '4517176f19b6c5761cc0fb4517bfb533' AS metasql_recipe__place,
  judged.metasql_inputs__place,
  MD5('4517176f19b6c5761cc0fb4517bfb533' || judged.metasql_inputs__place) AS metasql_provenance__place,
  'd0ce49c4f3184768b35148d285d2ddd1' AS metasql_recipe__score,
  judged.metasql_inputs__score,
  MD5('d0ce49c4f3184768b35148d285d2ddd1' || judged.metasql_inputs__score) AS metasql_provenance__score
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
  body.score,
  body.emotion
FROM (
  WITH ref_clip__cut AS (
    /* clip/cut: the live samples that this run needs */
    SELECT
      sample.video_id,
      sample.clip_index,
      sample.speaker_id,
      sample.start_s,
      sample.end_s,
      sample.audio_etag
    FROM main.clip__cut__samples AS sample
    WHERE
      sample.metasql_deleted_at IS NULL
      AND EXISTS(
        SELECT
          1
        FROM metasql_work
        WHERE
          metasql_work.video_id = sample.video_id
          AND metasql_work.clip_index = sample.clip_index
      )
  ), ref_video__full AS (
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
      AND (
        sample.height_px >= 480
      )
      AND EXISTS(
        SELECT
          1
        FROM metasql_work
        WHERE
          metasql_work.video_id = sample.video_id
      )
  ), ref_clip__rating AS (
    /* clip/rating: the live samples that this run needs */
    SELECT
      sample.video_id,
      sample.clip_index,
      sample.quality,
      sample.emotion
    FROM main.clip__rating__samples AS sample
    WHERE
      sample.metasql_deleted_at IS NULL
      AND EXISTS(
        SELECT
          1
        FROM metasql_work
        WHERE
          metasql_work.video_id = sample.video_id
          AND metasql_work.clip_index = sample.clip_index
      )
  )
  SELECT
    cut.video_id,
    cut.clip_index,
    cut.speaker_id,
    cut.start_s,
    cut.end_s,
    COALESCE(rating.quality, 3) /* A clip that nobody has rated is average; a small picture costs a point. */ - CASE WHEN video.pixels < 1000000 THEN 1 ELSE 0 END AS score,
    COALESCE(rating.emotion, 'unknown') AS emotion
  FROM ref_clip__cut AS cut
  JOIN ref_video__full AS video
    ON video.video_id = cut.video_id
  LEFT JOIN ref_clip__rating AS rating
    ON rating.video_id = cut.video_id AND rating.clip_index = cut.clip_index
) AS body
WHERE
  EXISTS(
    SELECT
      1
    FROM metasql_work
    WHERE
      (
        metasql_work.video_id = body.video_id
        AND metasql_work.clip_index = body.clip_index
      )
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

-- the rows as they will be stored
CREATE OR REPLACE TEMPORARY TABLE metasql_incoming AS
SELECT
  made.video_id,
  made.clip_index,
  made.speaker_id,
  made.start_s,
  made.end_s,
  made.score,
  made.emotion,
  made.metasql_recipe__place,
  made.metasql_inputs__place,
  made.metasql_provenance__place,
  made.metasql_data_version__place,
  made.metasql_recipe__score,
  made.metasql_inputs__score,
  made.metasql_provenance__score,
  made.metasql_data_version__score,
  made.metasql_no_row,
  made.metasql_feature_version
FROM (
  SELECT
    work.video_id,
    work.clip_index,
    result.speaker_id,
    result.start_s,
    result.end_s,
    result.score,
    result.emotion,
    work.metasql_recipe__place,
    work.metasql_inputs__place,
    work.metasql_provenance__place,
    work.metasql_recipe__score,
    work.metasql_inputs__score,
    work.metasql_provenance__score,
    CASE
      WHEN NOT result.metasql_here IS NULL
      THEN MD5(
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
      )
    END AS metasql_data_version__place,
    CASE
      WHEN NOT result.metasql_here IS NULL
      THEN MD5(
        '7:content' || COALESCE(
          CAST(STRLEN(
            CASE
              WHEN TYPEOF(result.emotion) IN ('DOUBLE', 'FLOAT')
              THEN CASE
                WHEN ISNAN(TRY_CAST(result.emotion AS DOUBLE))
                THEN 'nan'
                ELSE CAST(CAST(CAST(TRY_CAST(result.emotion AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
              END
              WHEN TYPEOF(result.emotion) LIKE 'DECIMAL%'
              THEN REGEXP_REPLACE(
                REGEXP_REPLACE(CAST(result.emotion AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
                '^(-?)(\.|$)',
                '\10\2'
              )
              WHEN TYPEOF(result.emotion) = 'TIMESTAMP WITH TIME ZONE'
              THEN CAST(TRY_CAST(result.emotion AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
              ELSE CAST(result.emotion AS TEXT)
            END
          ) AS TEXT) || ':' || CASE
            WHEN TYPEOF(result.emotion) IN ('DOUBLE', 'FLOAT')
            THEN CASE
              WHEN ISNAN(TRY_CAST(result.emotion AS DOUBLE))
              THEN 'nan'
              ELSE CAST(CAST(CAST(TRY_CAST(result.emotion AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
            END
            WHEN TYPEOF(result.emotion) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(
              REGEXP_REPLACE(CAST(result.emotion AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
              '^(-?)(\.|$)',
              '\10\2'
            )
            WHEN TYPEOF(result.emotion) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(result.emotion AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(result.emotion AS TEXT)
          END,
          '-'
        ) || COALESCE(
          CAST(STRLEN(
            CASE
              WHEN TYPEOF(result.score) IN ('DOUBLE', 'FLOAT')
              THEN CASE
                WHEN ISNAN(TRY_CAST(result.score AS DOUBLE))
                THEN 'nan'
                ELSE CAST(CAST(CAST(TRY_CAST(result.score AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
              END
              WHEN TYPEOF(result.score) LIKE 'DECIMAL%'
              THEN REGEXP_REPLACE(
                REGEXP_REPLACE(CAST(result.score AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
                '^(-?)(\.|$)',
                '\10\2'
              )
              WHEN TYPEOF(result.score) = 'TIMESTAMP WITH TIME ZONE'
              THEN CAST(TRY_CAST(result.score AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
              ELSE CAST(result.score AS TEXT)
            END
          ) AS TEXT) || ':' || CASE
            WHEN TYPEOF(result.score) IN ('DOUBLE', 'FLOAT')
            THEN CASE
              WHEN ISNAN(TRY_CAST(result.score AS DOUBLE))
              THEN 'nan'
              ELSE CAST(CAST(CAST(TRY_CAST(result.score AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
            END
            WHEN TYPEOF(result.score) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(
              REGEXP_REPLACE(CAST(result.score AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
              '^(-?)(\.|$)',
              '\10\2'
            )
            WHEN TYPEOF(result.score) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(result.score AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(result.score AS TEXT)
          END,
          '-'
        )
      )
    END AS metasql_data_version__score,
    result.metasql_here IS NULL AS metasql_no_row,
    '2d18a31e7bb32950ac521b8113116feb' AS metasql_feature_version
  FROM metasql_work AS work
  LEFT JOIN (
    SELECT
      video_id,
      clip_index,
      speaker_id,
      start_s,
      end_s,
      score,
      emotion,
      TRUE AS metasql_here
    FROM metasql_result
  ) AS result
    ON work.video_id = result.video_id AND work.clip_index = result.clip_index
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
  incoming.score,
  incoming.emotion,
  incoming.metasql_recipe__place,
  incoming.metasql_inputs__place,
  incoming.metasql_provenance__place,
  incoming.metasql_data_version__place,
  incoming.metasql_recipe__score,
  incoming.metasql_inputs__score,
  incoming.metasql_provenance__score,
  incoming.metasql_data_version__score,
  incoming.metasql_no_row,
  incoming.metasql_feature_version,
  CASE WHEN stored.metasql_deleted_at IS NULL THEN stored.metasql_created_at END AS metasql_created_at
FROM metasql_incoming AS incoming
LEFT JOIN main.clip__scored__samples AS stored
  ON incoming.video_id = stored.video_id AND incoming.clip_index = stored.clip_index
WHERE
  stored.video_id IS NULL
  OR (
    NOT stored.metasql_deleted_at IS NULL AND NOT stored.metasql_no_row
  )
  OR incoming.speaker_id IS DISTINCT FROM stored.speaker_id
  OR incoming.start_s IS DISTINCT FROM stored.start_s
  OR incoming.end_s IS DISTINCT FROM stored.end_s
  OR incoming.score IS DISTINCT FROM stored.score
  OR incoming.emotion IS DISTINCT FROM stored.emotion
  OR incoming.metasql_recipe__place IS DISTINCT FROM stored.metasql_recipe__place
  OR incoming.metasql_inputs__place IS DISTINCT FROM stored.metasql_inputs__place
  OR incoming.metasql_data_version__place IS DISTINCT FROM stored.metasql_data_version__place
  OR incoming.metasql_recipe__score IS DISTINCT FROM stored.metasql_recipe__score
  OR incoming.metasql_inputs__score IS DISTINCT FROM stored.metasql_inputs__score
  OR incoming.metasql_data_version__score IS DISTINCT FROM stored.metasql_data_version__score
  OR incoming.metasql_no_row IS DISTINCT FROM stored.metasql_no_row;

-- the new rows, in the place of those that they replace
DELETE FROM main.clip__scored__samples AS stored USING   metasql_changed AS source
WHERE
  stored.video_id = source.video_id AND stored.clip_index = source.clip_index;
INSERT INTO main.clip__scored__samples (
  video_id,
  clip_index,
  speaker_id,
  start_s,
  end_s,
  score,
  emotion,
  metasql_recipe__place,
  metasql_inputs__place,
  metasql_provenance__place,
  metasql_data_version__place,
  metasql_recipe__score,
  metasql_inputs__score,
  metasql_provenance__score,
  metasql_data_version__score,
  metasql_no_row,
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
  source.score,
  source.emotion,
  source.metasql_recipe__place,
  source.metasql_inputs__place,
  source.metasql_provenance__place,
  source.metasql_data_version__place,
  source.metasql_recipe__score,
  source.metasql_inputs__score,
  source.metasql_provenance__score,
  source.metasql_data_version__score,
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
  stored.video_id,
  stored.clip_index
FROM main.clip__scored__samples AS stored
WHERE
  EXISTS(
    SELECT
      1
    FROM metasql_work AS work
    WHERE
      (
        stored.video_id = work.video_id AND stored.clip_index = work.clip_index
      )
      AND work.metasql_status = 'orphaned'
  )
  AND (
    stored.metasql_deleted_at IS NULL OR stored.metasql_no_row
  );

-- orphaned samples are deleted
UPDATE main.clip__scored__samples AS stored SET metasql_run_id = '<run id>', metasql_updated_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_deleted_at = CAST('1970-01-01 00:00:00' AS TIMESTAMP), metasql_commit = 0, metasql_no_row = FALSE
FROM metasql_orphans_samples AS source
WHERE
  stored.video_id = source.video_id AND stored.clip_index = source.clip_index;

