-- make the database m, may be repeated
CREATE DATABASE IF NOT EXISTS "m";

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_commits__shard" (number Int64, token String) ENGINE = MergeTree ORDER BY number;

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_commits" AS "m"."metasql_commits__shard" ENGINE = Distributed('two', 'm', 'metasql_commits__shard', 0) COMMENT 'metasql: over 2 shards by []';

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_features__rows__shard" ("feature" String, "updated_at" Nullable(DateTime64(6, 'UTC')), metasql_version UInt64, metasql_removed UInt8) ENGINE = ReplacingMergeTree(metasql_version, metasql_removed) ORDER BY ("feature");

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_features__rows" AS "m"."metasql_features__rows__shard" ENGINE = Distributed('two', 'm', 'metasql_features__rows__shard', 0) COMMENT 'metasql: over 2 shards by []';

-- make metasql's own tables, may be repeated
CREATE OR REPLACE VIEW "m"."metasql_features" AS SELECT "feature", "updated_at" FROM "m"."metasql_features__rows" FINAL;

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_runs__shard" ("run_id" Nullable(String)) ENGINE = MergeTree ORDER BY ();

-- make metasql's own tables, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_runs" AS "m"."metasql_runs__shard" ENGINE = Distributed('two', 'm', 'metasql_runs__shard', 0) COMMENT 'metasql: over 2 shards by []';

-- make m.x__samples, may be repeated
CREATE TABLE IF NOT EXISTS "m"."x__samples__shard" ("id" String, "v" Nullable(Int64), "metasql_deleted_at" Nullable(DateTime64(6, 'UTC')), "metasql_commit" Int64) ENGINE = ReplacingMergeTree(metasql_commit) ORDER BY ("id");

-- make m.x__samples, may be repeated
CREATE TABLE IF NOT EXISTS "m"."x__samples" AS "m"."x__samples__shard" ENGINE = Distributed('two', 'm', 'x__samples__shard', cityHash64(ifNull(toString("id"), ''))) COMMENT 'metasql: over 2 shards by [["id", "String"]]';

-- make m.x__inputs, may be repeated
CREATE TABLE IF NOT EXISTS "m"."x__inputs__shard" ("id" String, "v" Nullable(Int64), "metasql_deleted_at" Nullable(DateTime64(6, 'UTC')), "metasql_commit" Int64) ENGINE = ReplacingMergeTree(metasql_commit) ORDER BY ("id");

-- make m.x__inputs, may be repeated
CREATE TABLE IF NOT EXISTS "m"."x__inputs" AS "m"."x__inputs__shard" ENGINE = Distributed('two', 'm', 'x__inputs__shard', cityHash64(ifNull(toString("id"), ''))) COMMENT 'metasql: over 2 shards by [["id", "String"]]';

-- make m.x__history, may be repeated
CREATE TABLE IF NOT EXISTS "m"."x__history__shard" ("id" String, "v" Nullable(Int64), "metasql_deleted_at" Nullable(DateTime64(6, 'UTC')), "metasql_commit" Int64) ENGINE = ReplacingMergeTree(metasql_commit) ORDER BY ("id", "metasql_commit");

-- make m.x__history, may be repeated
CREATE TABLE IF NOT EXISTS "m"."x__history" AS "m"."x__history__shard" ENGINE = Distributed('two', 'm', 'x__history__shard', cityHash64(ifNull(toString("id"), ''))) COMMENT 'metasql: over 2 shards by [["id", "String"]]';

-- make m.p__samples, may be repeated
CREATE TABLE IF NOT EXISTS "m"."p__samples__shard" ("id" String, "v" Nullable(Int64), "metasql_deleted_at" Nullable(DateTime64(6, 'UTC')), "metasql_commit" Int64) ENGINE = ReplacingMergeTree(metasql_commit) ORDER BY ("id");

-- make m.p__samples, may be repeated
CREATE TABLE IF NOT EXISTS "m"."p__samples" AS "m"."p__samples__shard" ENGINE = Distributed('two', 'm', 'p__samples__shard', cityHash64(ifNull(toString("id"), ''))) COMMENT 'metasql: over 2 shards by [["id", "String"]]';

-- make the view m.x, may be repeated
CREATE OR REPLACE VIEW "m"."x" AS SELECT * FROM cluster('two', view(SELECT x.id AS id, p.v AS v FROM m.x__samples__shard AS x FINAL LEFT JOIN m.p__samples__shard AS p FINAL ON x.id = p.id WHERE x.metasql_deleted_at IS NULL AND throwIf(getSetting('join_use_nulls') = 0, 'this view needs join_use_nulls = 1: set it in the profile of this user, or readonly = 2 in place of 1') = 0 SETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1, union_default_mode = 'DISTINCT', enable_extended_results_for_datetime_functions = 1, date_time_overflow_behavior = 'throw', aggregate_functions_null_for_empty = 0, transform_null_in = 0, group_by_use_nulls = 1, use_variant_as_common_type = 0, allow_experimental_correlated_subqueries = 0, join_algorithm = 'full_sorting_merge,parallel_hash,hash')) SETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1, union_default_mode = 'DISTINCT', enable_extended_results_for_datetime_functions = 1, date_time_overflow_behavior = 'throw', aggregate_functions_null_for_empty = 0, transform_null_in = 0, group_by_use_nulls = 1, use_variant_as_common_type = 0, allow_experimental_correlated_subqueries = 0, join_algorithm = 'full_sorting_merge,parallel_hash,hash', skip_unavailable_shards = 0, distributed_product_mode = 'deny';

-- the increment, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_tmp_1__work__shard" ("id" Nullable(String), "v" Nullable(Int64)) ENGINE = MergeTree ORDER BY ();

-- the increment, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_tmp_1__work" AS "m"."metasql_tmp_1__work__shard" ENGINE = Distributed('two', 'm', 'metasql_tmp_1__work__shard', cityHash64(ifNull(toString("id"), ''))) COMMENT 'metasql: over 2 shards by [["id", "String"]]';

-- the increment
INSERT INTO "m"."metasql_tmp_1__work" ("id", "v") SELECT * FROM cluster('two', view(SELECT x.id AS id, p.v AS v FROM m.x__samples__shard AS x FINAL LEFT JOIN m.p__samples__shard AS p FINAL ON x.id = p.id WHERE x.metasql_deleted_at IS NULL SETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1, union_default_mode = 'DISTINCT', enable_extended_results_for_datetime_functions = 1, date_time_overflow_behavior = 'throw', aggregate_functions_null_for_empty = 0, transform_null_in = 0, group_by_use_nulls = 1, use_variant_as_common_type = 0, allow_experimental_correlated_subqueries = 0, join_algorithm = 'full_sorting_merge,parallel_hash,hash'));

-- stage x__samples, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_tmp_1__2_x__samples__shard" AS "m"."x__samples__shard" COMMENT 'stage of x__samples__shard';

-- stage x__samples, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_tmp_1__2_x__samples" AS "m"."metasql_tmp_1__2_x__samples__shard" ENGINE = Distributed('two', 'm', 'metasql_tmp_1__2_x__samples__shard', cityHash64(ifNull(toString("id"), ''))) COMMENT 'metasql: over 2 shards by [["id", "String"]]';

-- put the rows
INSERT INTO m.metasql_tmp_1__2_x__samples (id, v, metasql_commit) SELECT source.id AS id, source.v AS v, 7 AS metasql_commit FROM m.metasql_tmp_1__work AS source;

-- remove, may be repeated
DELETE FROM "m"."x__samples__shard" WHERE id IN (SELECT source.id AS id FROM m.metasql_tmp_1__work__shard AS source) AND metasql_deleted_at IS NULL SETTINGS allow_nondeterministic_mutations = 1;

-- remove, may be repeated
DELETE FROM "m"."x__samples__shard" WHERE id IN (SELECT source.id AS id FROM m.metasql_tmp_1__work__shard AS source) SETTINGS allow_nondeterministic_mutations = 1;

-- make the stage one part, may be repeated
OPTIMIZE TABLE "m"."metasql_tmp_1__2_x__samples__shard" FINAL;

-- publish the rows of x__samples__shard
ALTER TABLE "m"."x__samples__shard" ATTACH PARTITION tuple() FROM "m"."metasql_tmp_1__2_x__samples__shard";

-- drop a stage, may be repeated
DROP TABLE IF EXISTS "m"."metasql_tmp_1__2_x__samples" SYNC;

-- drop a stage, may be repeated
DROP TABLE IF EXISTS "m"."metasql_tmp_1__2_x__samples__shard" SYNC;

-- alter m.x__samples__shard, may be repeated
ALTER TABLE "m"."x__samples__shard" ADD COLUMN IF NOT EXISTS "w" Nullable(String);

-- alter m.x__samples, may be repeated
ALTER TABLE "m"."x__samples" ADD COLUMN IF NOT EXISTS "w" Nullable(String);

-- alter m.x__samples, may be repeated
ALTER TABLE "m"."x__samples" DROP COLUMN IF EXISTS "w";

-- alter m.x__samples__shard, may be repeated
ALTER TABLE "m"."x__samples__shard" DROP COLUMN IF EXISTS "w";

-- load the seed, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_tmp_1__9_seed__shard" ("name" Nullable(String)) ENGINE = MergeTree ORDER BY ();

-- load the seed, may be repeated
CREATE TABLE IF NOT EXISTS "m"."metasql_tmp_1__9_seed" AS "m"."metasql_tmp_1__9_seed__shard" ENGINE = Distributed('two', 'm', 'metasql_tmp_1__9_seed__shard', 0) COMMENT 'metasql: over 2 shards by []';

-- put m.seed in place, may be repeated
CREATE TABLE IF NOT EXISTS "m"."seed__shard" AS "m"."metasql_tmp_1__9_seed__shard";

-- put m.seed in place
EXCHANGE TABLES "m"."seed__shard" AND "m"."metasql_tmp_1__9_seed__shard";

-- put m.seed in place, may be repeated
CREATE OR REPLACE TABLE "m"."seed" AS "m"."seed__shard" ENGINE = Distributed('two', 'm', 'seed__shard', 0) COMMENT 'metasql: over 2 shards by []';

-- drop what m.seed was, may be repeated
DROP TABLE IF EXISTS "m"."metasql_tmp_1__9_seed" SYNC;

-- drop what m.seed was, may be repeated
DROP TABLE IF EXISTS "m"."metasql_tmp_1__9_seed__shard" SYNC;

-- mend a history, may be repeated
DELETE FROM "m"."x__history__shard" WHERE ("id", "metasql_commit") IN (SELECT "id", "metasql_commit" FROM "m"."x__samples__shard" FINAL) SETTINGS allow_nondeterministic_mutations = 1;

-- drop a temporary table, may be repeated
DROP TABLE IF EXISTS "m"."metasql_tmp_1__work" SYNC;

-- drop a temporary table, may be repeated
DROP TABLE IF EXISTS "m"."metasql_tmp_1__work__shard" SYNC;
