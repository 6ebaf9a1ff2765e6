-- make the database m, may be repeated
CREATE DATABASE IF NOT EXISTS "m";

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_commits" (number Int64, token String) ENGINE = MergeTree ORDER BY number;

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_finished" (number Int64) ENGINE = MergeTree ORDER BY number;

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_features__rows" ("feature" String, "updated_at" Nullable(DateTime64(6, 'UTC')), metasql_version UInt64, metasql_removed UInt8) ENGINE = ReplacingMergeTree(metasql_version, metasql_removed) ORDER BY ("feature");

-- make metasql's own tables, may be repeated
CREATE OR REPLACE VIEW "m"."metasql_features" AS SELECT "feature", "updated_at" FROM "m"."metasql_features__rows" FINAL;

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_runs" ("run_id" Nullable(String)) ENGINE = MergeTree ORDER BY ();

-- make m.x__samples, may be repeated
CREATE TABLE IF NOT EXISTS "m"."x__samples" ("id" String, "v" Nullable(Int64), "metasql_deleted_at" Nullable(DateTime64(6, 'UTC')), "metasql_commit" Int64) ENGINE = ReplacingMergeTree(metasql_commit) ORDER BY ("id");

-- make m.x__inputs, may be repeated
CREATE TABLE IF NOT EXISTS "m"."x__inputs" ("id" String, "v" Nullable(Int64), "metasql_deleted_at" Nullable(DateTime64(6, 'UTC')), "metasql_commit" Int64) ENGINE = ReplacingMergeTree(metasql_commit) ORDER BY ("id");

-- make m.x__history, may be repeated
CREATE TABLE IF NOT EXISTS "m"."x__history" ("id" String, "v" Nullable(Int64), "metasql_deleted_at" Nullable(DateTime64(6, 'UTC')), "metasql_commit" Int64) ENGINE = ReplacingMergeTree(metasql_commit) ORDER BY ("id", "metasql_commit");

-- make m.p__samples, may be repeated
CREATE TABLE IF NOT EXISTS "m"."p__samples" ("id" String, "v" Nullable(Int64), "metasql_deleted_at" Nullable(DateTime64(6, 'UTC')), "metasql_commit" Int64) ENGINE = ReplacingMergeTree(metasql_commit) ORDER BY ("id");

-- make the view m.x, may be repeated
CREATE OR REPLACE VIEW "m"."x" AS SELECT x.id AS id, p.v AS v FROM m.x__samples AS x FINAL LEFT JOIN m.p__samples AS p FINAL ON x.id = p.id WHERE x.metasql_deleted_at IS NULL AND throwIf(getSetting('join_use_nulls') = 0, 'this view needs join_use_nulls = 1: set it in the profile of this user, or readonly = 2 in place of 1') = 0 SETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1, union_default_mode = 'DISTINCT', enable_extended_results_for_datetime_functions = 1, date_time_overflow_behavior = 'throw', aggregate_functions_null_for_empty = 0, transform_null_in = 0, group_by_use_nulls = 1, use_variant_as_common_type = 0, allow_experimental_correlated_subqueries = 0, join_algorithm = 'full_sorting_merge,parallel_hash,hash';

-- the increment
CREATE TABLE "m"."metasql_tmp_1__work" ENGINE = MergeTree ORDER BY () AS SELECT x.id AS id, p.v AS v FROM m.x__samples AS x FINAL LEFT JOIN m.p__samples AS p FINAL ON x.id = p.id WHERE x.metasql_deleted_at IS NULL;

-- stage x__samples
CREATE TABLE IF NOT EXISTS "m"."metasql_tmp_1__2_x__samples" AS "m"."x__samples" COMMENT 'stage of x__samples';

-- put the rows
INSERT INTO m.metasql_tmp_1__2_x__samples (id, v, metasql_commit) SELECT source.id AS id, source.v AS v, 7 AS metasql_commit FROM m.metasql_tmp_1__work AS source;

-- remove, may be repeated
DELETE FROM m.x__samples WHERE id IN (SELECT source.id AS id FROM m.metasql_tmp_1__work AS source) AND metasql_deleted_at IS NULL;

-- remove, may be repeated
DELETE FROM m.x__samples WHERE id IN (SELECT source.id AS id FROM m.metasql_tmp_1__work AS source);

-- make the stage one part, may be repeated
OPTIMIZE TABLE "m"."metasql_tmp_1__2_x__samples" FINAL SETTINGS optimize_throw_if_noop = 1;

-- publish the rows of x__samples
ALTER TABLE "m"."x__samples" ATTACH PARTITION tuple() FROM "m"."metasql_tmp_1__2_x__samples";

-- drop a stage, may be repeated
DROP TABLE IF EXISTS "m"."metasql_tmp_1__2_x__samples" SYNC;

-- alter m.x__samples, may be repeated
ALTER TABLE "m"."x__samples" ADD COLUMN IF NOT EXISTS "w" Nullable(String);

-- alter m.x__samples, may be repeated
ALTER TABLE "m"."x__samples" DROP COLUMN IF EXISTS "w";

-- load the seed, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_tmp_1__9_seed" ("name" Nullable(String)) ENGINE = MergeTree ORDER BY ();

-- put m.seed in place
EXCHANGE TABLES "m"."seed" AND "m"."metasql_tmp_1__9_seed";

-- drop what m.seed was, may be repeated
DROP TABLE IF EXISTS "m"."metasql_tmp_1__9_seed" SYNC;

-- mend a history, may be repeated
DELETE FROM "m"."x__history" WHERE ("id", "metasql_commit") IN (SELECT "id", "metasql_commit" FROM "m"."x__samples" FINAL);

-- drop a temporary table, may be repeated
DROP TABLE IF EXISTS "m"."metasql_tmp_1__work" SYNC;
