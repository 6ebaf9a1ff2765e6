-- video/full: what has to be done, one row per input unit.
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
), listed AS (
  /* what has to be done, with the provenance that it will have */
  SELECT
    judged.*,
    MD5('f28f8e2bc47dfe086eb10c87f9567adb' || judged.metasql_inputs__audio) AS metasql_provenance__audio,
    MD5('1bd12c265d94186b3ff12cdb88a57c89' || judged.metasql_inputs__frames) AS metasql_provenance__frames,
    MD5('27ce30bd27aaf2f137732e249880881b' || judged.metasql_inputs__facts) AS metasql_provenance__facts,
    MD5('2188c6ad6cc0b8ebc29f6a10257a534a' || judged.metasql_inputs__file) AS metasql_provenance__file,
    COALESCE(CAST(STRLEN(judged.video_id) AS TEXT) || ':' || judged.video_id, '-') AS metasql_unit,
    '756735c0fd27d45dad136a65f673568d;audio=f28f8e2bc47dfe086eb10c87f9567adb' || judged.metasql_inputs__audio || ';facts=27ce30bd27aaf2f137732e249880881b' || judged.metasql_inputs__facts || ';file=2188c6ad6cc0b8ebc29f6a10257a534a' || judged.metasql_inputs__file || ';frames=1bd12c265d94186b3ff12cdb88a57c89' || judged.metasql_inputs__frames AS metasql_words
  FROM judged
  WHERE
    NOT judged.metasql_status IS NULL
)
SELECT
  listed.video_id,
  listed.speaker_id,
  listed.path,
  listed.duration_s,
  listed.width_px,
  listed.height_px,
  listed.pixels,
  listed.audio_etag,
  listed.frames_sha256,
  listed.recorded_on,
  listed.metasql_status,
  SUBSTRING(
    CASE WHEN metasql_stale__audio THEN ',audio' ELSE '' END || CASE WHEN metasql_stale__facts THEN ',facts' ELSE '' END || CASE WHEN metasql_stale__file THEN ',file' ELSE '' END || CASE WHEN metasql_stale__frames THEN ',frames' ELSE '' END,
    2
  ) AS metasql_stale_fields,
  CASE
    WHEN metasql_status IN ('new', 'orphaned')
    THEN metasql_status
    WHEN metasql_by_code
    THEN 'code'
    WHEN metasql_differs__audio
    OR metasql_differs__frames
    OR metasql_differs__facts
    OR metasql_differs__file
    THEN 'upstream'
    WHEN metasql_is_matched
    THEN 'predicate'
    ELSE 'refresh'
  END AS metasql_reason,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN 'r1:' || MD5('7:receipt10:video/full' || listed.metasql_unit || listed.metasql_words) || ':' || listed.metasql_words
  END AS metasql_receipt,
  CASE
    WHEN listed.metasql_status IS DISTINCT FROM 'orphaned'
    THEN MD5(
      listed.metasql_provenance__audio || listed.metasql_provenance__facts || listed.metasql_provenance__file || listed.metasql_provenance__frames
    )
  END AS metasql_provenance,
  listed.metasql_provenance__audio,
  listed.metasql_provenance__facts,
  listed.metasql_provenance__file,
  listed.metasql_provenance__frames,
  listed.metasql_stale__audio,
  listed.metasql_stale__facts,
  listed.metasql_stale__file,
  listed.metasql_stale__frames,
  CAST({'audio': listed.metasql_provenance__audio, 'facts': listed.metasql_provenance__facts, 'file': listed.metasql_provenance__file, 'frames': listed.metasql_provenance__frames} AS MAP(TEXT, TEXT)) AS metasql_provenance_by_field,
  CAST({'audio': listed.metasql_previous__audio, 'facts': listed.metasql_previous__facts, 'file': listed.metasql_previous__file, 'frames': listed.metasql_previous__frames} AS MAP(TEXT, TEXT)) AS metasql_previous_provenance_by_field
FROM listed;
