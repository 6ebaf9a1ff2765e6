-- video/full: what upstream calls for, one row per input unit, with the provenance it should have.
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
  FROM (
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
    ) AS body
  ) AS source
  WHERE
    NOT source.video_id IS NULL
), made AS (
  /* with the provenance that each field should have */
  SELECT
    expected.video_id,
    expected.speaker_id,
    expected.path,
    expected.duration_s,
    expected.width_px,
    expected.height_px,
    expected.pixels,
    expected.audio_etag,
    expected.frames_sha256,
    expected.recorded_on,
    'f28f8e2bc47dfe086eb10c87f9567adb' AS metasql_recipe__audio,
    expected.metasql_inputs__audio,
    MD5('f28f8e2bc47dfe086eb10c87f9567adb' || expected.metasql_inputs__audio) AS metasql_provenance__audio,
    '27ce30bd27aaf2f137732e249880881b' AS metasql_recipe__facts,
    expected.metasql_inputs__facts,
    MD5('27ce30bd27aaf2f137732e249880881b' || expected.metasql_inputs__facts) AS metasql_provenance__facts,
    '2188c6ad6cc0b8ebc29f6a10257a534a' AS metasql_recipe__file,
    expected.metasql_inputs__file,
    MD5('2188c6ad6cc0b8ebc29f6a10257a534a' || expected.metasql_inputs__file) AS metasql_provenance__file,
    '1bd12c265d94186b3ff12cdb88a57c89' AS metasql_recipe__frames,
    expected.metasql_inputs__frames,
    MD5('1bd12c265d94186b3ff12cdb88a57c89' || expected.metasql_inputs__frames) AS metasql_provenance__frames
  FROM expected
)
SELECT
  made.*,
  MD5(
    made.metasql_provenance__audio || made.metasql_provenance__facts || made.metasql_provenance__file || made.metasql_provenance__frames
  ) AS metasql_provenance,
  CAST({'audio': made.metasql_provenance__audio, 'facts': made.metasql_provenance__facts, 'file': made.metasql_provenance__file, 'frames': made.metasql_provenance__frames} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field
FROM made;
