-- clip/scored: what has to be done, one row per input unit, whatever was settled before.
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
), listed AS (
  /* what has to be done, with the provenance that it will have */
  SELECT
    judged.*,
    MD5('4517176f19b6c5761cc0fb4517bfb533' || judged.metasql_inputs__place) AS metasql_provenance__place,
    MD5('d0ce49c4f3184768b35148d285d2ddd1' || judged.metasql_inputs__score) AS metasql_provenance__score,
    COALESCE(CAST(STRLEN(judged.video_id) AS TEXT) || ':' || judged.video_id, '-') || COALESCE(
      CAST(STRLEN(
        CASE
          WHEN TYPEOF(judged.clip_index) IN ('DOUBLE', 'FLOAT')
          THEN CASE
            WHEN ISNAN(TRY_CAST(judged.clip_index AS DOUBLE))
            THEN 'nan'
            ELSE CAST(CAST(CAST(TRY_CAST(judged.clip_index AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
          END
          WHEN TYPEOF(judged.clip_index) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(
            REGEXP_REPLACE(CAST(judged.clip_index AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
            '^(-?)(\.|$)',
            '\10\2'
          )
          WHEN TYPEOF(judged.clip_index) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(judged.clip_index AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(judged.clip_index AS TEXT)
        END
      ) AS TEXT) || ':' || CASE
        WHEN TYPEOF(judged.clip_index) IN ('DOUBLE', 'FLOAT')
        THEN CASE
          WHEN ISNAN(TRY_CAST(judged.clip_index AS DOUBLE))
          THEN 'nan'
          ELSE CAST(CAST(CAST(TRY_CAST(judged.clip_index AS DOUBLE) + CAST(0 AS DOUBLE) AS BIT) AS UBIGINT) AS TEXT)
        END
        WHEN TYPEOF(judged.clip_index) LIKE 'DECIMAL%'
        THEN REGEXP_REPLACE(
          REGEXP_REPLACE(CAST(judged.clip_index AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1'),
          '^(-?)(\.|$)',
          '\10\2'
        )
        WHEN TYPEOF(judged.clip_index) = 'TIMESTAMP WITH TIME ZONE'
        THEN CAST(TRY_CAST(judged.clip_index AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
        ELSE CAST(judged.clip_index AS TEXT)
      END,
      '-'
    ) AS metasql_unit,
    '2d18a31e7bb32950ac521b8113116feb;place=4517176f19b6c5761cc0fb4517bfb533' || judged.metasql_inputs__place || ';score=d0ce49c4f3184768b35148d285d2ddd1' || judged.metasql_inputs__score AS metasql_words
  FROM judged
  WHERE
    NOT judged.metasql_status IS NULL
)
SELECT
  listed.video_id,
  listed.clip_index,
  listed.speaker_id,
  listed.start_s,
  listed.end_s,
  listed.quality,
  listed.emotion,
  listed.pixels,
  listed.metasql_status,
  SUBSTRING(
    CASE WHEN metasql_stale__place THEN ',place' ELSE '' END || CASE WHEN metasql_stale__score THEN ',score' ELSE '' END,
    2
  ) AS metasql_stale_fields,
  CASE
    WHEN metasql_status IN ('new', 'orphaned')
    THEN metasql_status
    WHEN metasql_by_code
    THEN 'code'
    WHEN metasql_differs__place OR metasql_differs__score
    THEN 'upstream'
    WHEN metasql_is_matched
    THEN 'predicate'
    ELSE 'refresh'
  END AS metasql_reason,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN 'r1:' || MD5('7:receipt11:clip/scored' || listed.metasql_unit || listed.metasql_words) || ':' || listed.metasql_words
  END AS metasql_receipt,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN MD5(listed.metasql_provenance__place || listed.metasql_provenance__score)
  END AS metasql_provenance,
  listed.metasql_provenance__place,
  listed.metasql_provenance__score,
  listed.metasql_stale__place,
  listed.metasql_stale__score,
  CAST({'place': listed.metasql_provenance__place, 'score': listed.metasql_provenance__score} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field,
  CAST({'place': listed.metasql_previous__place, 'score': listed.metasql_previous__score} AS MAP(TEXT, TEXT)) AS metasql_previous_provenance_by_field
FROM listed;
