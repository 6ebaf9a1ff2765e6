-- speaker/footage: what upstream calls for, one row per input unit, with the provenance it should have.
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
), made AS (
  /* with the provenance that each field should have */
  SELECT
    expected.speaker_id,
    expected.metasql_members,
    '04c1268c96b38e034ba69f7def737957' AS metasql_recipe__amount,
    expected.metasql_inputs__amount,
    MD5('04c1268c96b38e034ba69f7def737957' || expected.metasql_inputs__amount) AS metasql_provenance__amount,
    '1e92f7aebb1031d73170f3845e412b5b' AS metasql_recipe__quality,
    expected.metasql_inputs__quality,
    MD5('1e92f7aebb1031d73170f3845e412b5b' || expected.metasql_inputs__quality) AS metasql_provenance__quality
  FROM expected
)
SELECT
  made.*,
  MD5(made.metasql_provenance__amount || made.metasql_provenance__quality) AS metasql_provenance,
  CAST({'amount': made.metasql_provenance__amount, 'quality': made.metasql_provenance__quality} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field
FROM made;
