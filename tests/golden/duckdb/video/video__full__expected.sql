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
      COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.audio_etag) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(CAST(source.audio_etag AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
            WHEN TYPEOF(source.audio_etag) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.audio_etag AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.audio_etag AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.audio_etag) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(CAST(source.audio_etag AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
          WHEN TYPEOF(source.audio_etag) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.audio_etag AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.audio_etag AS TEXT)
        END,
        '-'
      )
    ) AS metasql_inputs__audio,
    MD5(
      COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.frames_sha256) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(CAST(source.frames_sha256 AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
            WHEN TYPEOF(source.frames_sha256) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.frames_sha256 AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.frames_sha256 AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.frames_sha256) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(CAST(source.frames_sha256 AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
          WHEN TYPEOF(source.frames_sha256) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.frames_sha256 AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.frames_sha256 AS TEXT)
        END,
        '-'
      ) || COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.width_px) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(CAST(source.width_px AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
            WHEN TYPEOF(source.width_px) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.width_px AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.width_px AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.width_px) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(CAST(source.width_px AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
          WHEN TYPEOF(source.width_px) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.width_px AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.width_px AS TEXT)
        END,
        '-'
      ) || COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.height_px) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(CAST(source.height_px AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
            WHEN TYPEOF(source.height_px) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.height_px AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.height_px AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.height_px) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(CAST(source.height_px AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
          WHEN TYPEOF(source.height_px) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.height_px AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.height_px AS TEXT)
        END,
        '-'
      ) || COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.pixels) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(CAST(source.pixels AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
            WHEN TYPEOF(source.pixels) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.pixels AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.pixels AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.pixels) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(CAST(source.pixels AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
          WHEN TYPEOF(source.pixels) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.pixels AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.pixels AS TEXT)
        END,
        '-'
      )
    ) AS metasql_inputs__frames,
    MD5(
      COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.speaker_id) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(CAST(source.speaker_id AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
            WHEN TYPEOF(source.speaker_id) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.speaker_id AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.speaker_id AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.speaker_id) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(CAST(source.speaker_id AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
          WHEN TYPEOF(source.speaker_id) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.speaker_id AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.speaker_id AS TEXT)
        END,
        '-'
      ) || COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.duration_s) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(CAST(source.duration_s AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
            WHEN TYPEOF(source.duration_s) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.duration_s AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.duration_s AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.duration_s) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(CAST(source.duration_s AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
          WHEN TYPEOF(source.duration_s) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.duration_s AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.duration_s AS TEXT)
        END,
        '-'
      )
    ) AS metasql_inputs__facts,
    MD5(
      COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.path) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(CAST(source.path AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
            WHEN TYPEOF(source.path) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.path AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.path AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.path) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(CAST(source.path AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
          WHEN TYPEOF(source.path) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.path AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.path AS TEXT)
        END,
        '-'
      ) || COALESCE(
        CAST(STRLEN(
          CASE
            WHEN TYPEOF(source.recorded_on) LIKE 'DECIMAL%'
            THEN REGEXP_REPLACE(CAST(source.recorded_on AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
            WHEN TYPEOF(source.recorded_on) = 'TIMESTAMP WITH TIME ZONE'
            THEN CAST(TRY_CAST(source.recorded_on AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
            ELSE CAST(source.recorded_on AS TEXT)
          END
        ) AS TEXT) || ':' || CASE
          WHEN TYPEOF(source.recorded_on) LIKE 'DECIMAL%'
          THEN REGEXP_REPLACE(CAST(source.recorded_on AS TEXT), '\.0+$|(\.[0-9]*[1-9])0+$', '\1')
          WHEN TYPEOF(source.recorded_on) = 'TIMESTAMP WITH TIME ZONE'
          THEN CAST(TRY_CAST(source.recorded_on AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TEXT)
          ELSE CAST(source.recorded_on AS TEXT)
        END,
        '-'
      )
    ) AS metasql_inputs__file,
    TRUE AS metasql_expected
  FROM (
    SELECT
      body.video_id,
      body.speaker_id,
      body.path,
      body.duration_s,
      body.width_px,
      body.height_px,
      body.pixels,
      body.audio_etag,
      body.frames_sha256,
      body.recorded_on
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
  MAP(
    ['audio', 'facts', 'file', 'frames'],
    [
      made.metasql_provenance__audio,
      made.metasql_provenance__facts,
      made.metasql_provenance__file,
      made.metasql_provenance__frames
    ]
  ) AS metasql_provenance_by_field
FROM made;
