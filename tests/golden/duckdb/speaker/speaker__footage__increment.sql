-- speaker/footage: what has to be done, one row per input unit.
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
), listed AS (
  /* what has to be done, with the provenance that it will have */
  SELECT
    judged.*,
    MD5('04c1268c96b38e034ba69f7def737957' || judged.metasql_inputs__amount) AS metasql_provenance__amount,
    MD5('1e92f7aebb1031d73170f3845e412b5b' || judged.metasql_inputs__quality) AS metasql_provenance__quality,
    COALESCE(CAST(STRLEN(judged.speaker_id) AS TEXT) || ':' || judged.speaker_id, '-') AS metasql_unit,
    'becee21784a1771e4df7d86b6804298c;amount=04c1268c96b38e034ba69f7def737957' || judged.metasql_inputs__amount || ';quality=1e92f7aebb1031d73170f3845e412b5b' || judged.metasql_inputs__quality AS metasql_words
  FROM judged
  WHERE
    NOT judged.metasql_status IS NULL
)
SELECT
  listed.speaker_id,
  listed.metasql_members,
  listed.metasql_status,
  SUBSTRING(
    CASE WHEN metasql_stale__amount THEN ',amount' ELSE '' END || CASE WHEN metasql_stale__quality THEN ',quality' ELSE '' END,
    2
  ) AS metasql_stale_fields,
  CASE
    WHEN metasql_status IN ('new', 'orphaned')
    THEN metasql_status
    WHEN metasql_by_code
    THEN 'code'
    WHEN metasql_differs__amount OR metasql_differs__quality
    THEN 'upstream'
    WHEN metasql_is_matched
    THEN 'predicate'
    ELSE 'refresh'
  END AS metasql_reason,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN 'r1:' || MD5('7:receipt15:speaker/footage' || listed.metasql_unit || listed.metasql_words) || ':' || listed.metasql_words
  END AS metasql_receipt,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN MD5(listed.metasql_provenance__amount || listed.metasql_provenance__quality)
  END AS metasql_provenance,
  listed.metasql_provenance__amount,
  listed.metasql_provenance__quality,
  listed.metasql_stale__amount,
  listed.metasql_stale__quality,
  CAST({'amount': listed.metasql_provenance__amount, 'quality': listed.metasql_provenance__quality} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field,
  CAST({'amount': listed.metasql_previous__amount, 'quality': listed.metasql_previous__quality} AS MAP(TEXT, TEXT)) AS metasql_previous_provenance_by_field
FROM listed;
