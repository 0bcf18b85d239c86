/** Functions and operators of arrays, JSON, ranges, networks and documents. */
import { fn } from "../../../orm/mod.ts";
import { Range } from "../../../pool/wire/codec/mod.ts";
import { checkGoldens, createThings, testOnBoth, Thing } from "./things.ts";

testOnBoth("arrays have their functions and operators", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [fn.array(Thing.n, 1), 'array["things"."n", $1]', [5, 1], [-3, 1]],
    [fn.array(1, 2.5), "array[$1::double precision, $2::double precision]", [1, 2.5], [1, 2.5]],
    [fn.array(Thing.b), 'array["things"."b"]', [7n], [9007199254740993n]],
    [fn.arrayLength(Thing.tags), 'array_length("things"."tags", $1::integer)', 2, 2],
    [fn.cardinality(Thing.nums), 'cardinality("things"."nums")', 2, 1],
    [fn.arrayAppend(Thing.nums, 5n), 'array_append("things"."nums", $1)', [1n, 2n, 5n], [3n, 5n]],
    [fn.arrayPrepend(Thing.tags, "z"), 'array_prepend($1, "things"."tags")', ["z", "a", "b"], [
      "z",
      "b",
      "c",
    ]],
    [fn.arrayRemove(Thing.tags, "b"), 'array_remove("things"."tags", $1)', ["a"], ["c"]],
    [fn.arrayReplace(Thing.tags, "b", "q"), 'array_replace("things"."tags", $1, $2)', ["a", "q"], ["q", "c"]],
    [fn.arrayPosition(Thing.tags, "c"), 'array_position("things"."tags", $1)', null, 2],
    [fn.arrayToString(Thing.tags, "/"), 'array_to_string("things"."tags", $1)', "a/b", "b/c"],
    [fn.element(Thing.nums, 1), '("things"."nums")[$1::integer]', 1n, 3n],
    [fn.slice(Thing.tags, 1, 1), '("things"."tags")[$1::integer:$2::integer]', ["a"], ["b"]],
    [Thing.name.eqAny(Thing.tags), '"things"."name" = any("things"."tags")', false, false],
    [
      fn.left(Thing.name, 0).eqAll(fn.arrayRemove(Thing.tags, "b")),
      'left("things"."name", $1) = all(array_remove("things"."tags", $2))',
      false,
      false,
    ],
    [Thing.tags.contains(["b", "c"]), '"things"."tags" @> $1', false, true],
    [Thing.tags.containedBy(["a", "b"]), '"things"."tags" <@ $1', true, false],
    [Thing.tags.overlaps(["c"]), '"things"."tags" && $1', false, true],
    [Thing.tags.concat(["z"]), '("things"."tags" || $1)', ["a", "b", "z"], ["b", "c", "z"]],
  ], pool);
});

testOnBoth("JSON has its functions and operators", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [
      fn.jsonbBuildObject({ a: Thing.n, b: "x", c: null, d: 1.5, e: { z: [1] } }),
      `jsonb_build_object('a', "things"."n", 'b', $1::text, 'c', null, 'd', $2::double precision, 'e', $3::jsonb)`,
      { a: 5, b: "x", c: null, d: 1.5, e: { z: [1] } },
      { a: -3, b: "x", c: null, d: 1.5, e: { z: [1] } },
    ],
    [fn.jsonbBuildArray(Thing.n, "x", true), 'jsonb_build_array("things"."n", $1::text, $2::boolean)', [
      5,
      "x",
      true,
    ], [-3, "x", true]],
    [fn.toJsonb(Thing.name), 'to_jsonb("things"."name")', "Ada Lovelace", "Alan"],
    [fn.jsonbSet(Thing.data, ["who", "age"], 5), 'jsonb_set("things"."data", $1::text[], $2::jsonb)', {
      who: { age: 5 },
      tags: ["x", "y"],
    }, { who: { age: 5, nick: "al" }, tags: ["z"] }],
    [
      fn.jsonbSet(Thing.data, ["who", "age"], Thing.n),
      'jsonb_set("things"."data", $1::text[], to_jsonb("things"."n"))',
      { who: { age: 5 }, tags: ["x", "y"] },
      { who: { age: -3, nick: "al" }, tags: ["z"] },
    ],
    [
      fn.jsonbSet(Thing.data, ["who", "x"], "y", { createMissing: false }),
      'jsonb_set("things"."data", $1::text[], $2::jsonb, false)',
      { who: { age: 36 }, tags: ["x", "y"] },
      { who: { age: 41, nick: "al" }, tags: ["z"] },
    ],
    [fn.jsonbSet(Thing.data, ["who"], null), `jsonb_set("things"."data", $1::text[], 'null'::jsonb)`, {
      who: null,
      tags: ["x", "y"],
    }, { who: null, tags: ["z"] }],
    [fn.jsonbInsert(Thing.data, ["tags", 0], "new"), 'jsonb_insert("things"."data", $1::text[], $2::jsonb)', {
      who: { age: 36 },
      tags: ["new", "x", "y"],
    }, { who: { age: 41, nick: "al" }, tags: ["new", "z"] }],
    [
      fn.jsonbInsert(Thing.data, ["tags", 0], "new", { after: true }),
      'jsonb_insert("things"."data", $1::text[], $2::jsonb, true)',
      { who: { age: 36 }, tags: ["x", "new", "y"] },
      { who: { age: 41, nick: "al" }, tags: ["z", "new"] },
    ],
    [
      fn.jsonbStripNulls(Thing.data.key("who")),
      `jsonb_strip_nulls(("things"."data" -> 'who'))`,
      { age: 36 },
      { age: 41, nick: "al" },
    ],
    [fn.jsonbTypeof(Thing.data.key("tags")), `jsonb_typeof(("things"."data" -> 'tags'))`, "array", "array"],
    [fn.jsonbArrayLength(Thing.data.key("tags")), `jsonb_array_length(("things"."data" -> 'tags'))`, 2, 1],
    [
      fn.jsonbPathQueryFirst(Thing.data, "$.who.age"),
      `jsonb_path_query_first("things"."data", '\$.who.age')`,
      36,
      41,
    ],
    [Thing.data.key("tags").index(0), `(("things"."data" -> 'tags') -> 0)`, "x", "z"],
    [Thing.data.key("tags").index(-1), `(("things"."data" -> 'tags') -> -1)`, "y", "z"],
    [Thing.data.key("who").keyText("nick"), `(("things"."data" -> 'who') ->> 'nick')`, null, "al"],
    [Thing.data.path("who", "age"), `("things"."data" #> '{"who","age"}')`, 36, 41],
    [Thing.data.pathText("who", "age"), `("things"."data" #>> '{"who","age"}')`, "36", "41"],
    [Thing.data.withoutKey("tags"), `("things"."data" - 'tags'::text)`, { who: { age: 36 } }, {
      who: { age: 41, nick: "al" },
    }],
    [Thing.data.withoutPath("who", "age"), `("things"."data" #- '{"who","age"}'::text[])`, {
      who: {},
      tags: ["x", "y"],
    }, { who: { nick: "al" }, tags: ["z"] }],
    [Thing.data.hasKey("tags"), '"things"."data" ? $1', true, true],
    [Thing.data.key("who").hasKey("nick"), `("things"."data" -> 'who') ? $1`, false, true],
    [Thing.data.hasAnyKey(["q", "tags"]), '"things"."data" ?| $1', true, true],
    [Thing.data.hasAllKeys(["q", "tags"]), '"things"."data" ?& $1', false, false],
    [Thing.data.pathExists("$.who.nick"), `"things"."data" @? '\$.who.nick'::jsonpath`, false, true],
    [Thing.data.pathIsTrue("$.who.age > 40"), `"things"."data" @@ '\$.who.age > 40'::jsonpath`, false, true],
    [Thing.data.key("who").concat({ age: 1 }), `(("things"."data" -> 'who') || $1)`, { age: 1 }, {
      age: 1,
      nick: "al",
    }],
    [Thing.data.key("who").contains({ age: 41 }), `("things"."data" -> 'who') @> $1`, false, true],
  ], pool);
});

testOnBoth("ranges and networks have their functions and operators", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [fn.lowerBound(Thing.r), 'lower("things"."r")', 1n, 5n],
    [fn.upperBound(Thing.r), 'upper("things"."r")', 5n, 9n],
    [fn.isEmpty(Thing.r), 'isempty("things"."r")', false, false],
    [fn.lowerInclusive(Thing.r), 'lower_inc("things"."r")', true, true],
    [fn.upperInclusive(Thing.r), 'upper_inc("things"."r")', false, false],
    [fn.rangeMerge(Thing.r, new Range(3n, 6n)), 'range_merge("things"."r", $1)', {
      lower: 1n,
      upper: 6n,
      bounds: "[)",
      empty: false,
    }, { lower: 3n, upper: 9n, bounds: "[)", empty: false }],
    [Thing.r.contains(4n), '"things"."r" @> cast($1 as bigint)', true, false],
    [Thing.r.contains(new Range(2n, 3n)), '"things"."r" @> $1', true, false],
    [Thing.r.containedBy(new Range(0n, 6n)), '"things"."r" <@ $1', true, false],
    [Thing.r.overlaps(new Range(4n, 6n)), '"things"."r" && $1', true, true],
    [Thing.r.strictlyLeftOf(new Range(5n, 6n)), '"things"."r" << $1', true, false],
    [Thing.r.strictlyRightOf(new Range(1n, 5n)), '"things"."r" >> $1', false, true],
    [Thing.r.adjacentTo(new Range(5n, 6n)), '"things"."r" -|- $1', true, false],
    [Thing.r.notRightOf(new Range(1n, 5n)), '"things"."r" &< $1', true, false],
    [Thing.r.notLeftOf(new Range(5n, 6n)), '"things"."r" &> $1', false, true],
    [Thing.net.within("10.0.0.0/8"), '"things"."net" << $1', false, true],
    [Thing.net.withinOrEqual("10.0.0.0/8"), '"things"."net" <<= $1', true, true],
    [Thing.net.encloses("10.0.0.1"), '"things"."net" >> $1', true, false],
    [Thing.net.enclosesOrEqual("10.1.0.0/16"), '"things"."net" >>= $1', true, true],
  ], pool);
});

testOnBoth("documents have their functions and operators", async (pool) => {
  await createThings(pool);
  await checkGoldens([
    [
      fn.toTsvector(Thing.name, "english"),
      `to_tsvector('english', "things"."name")`,
      "'ada':1 'lovelac':2",
      "'alan':1",
    ],
    [fn.toTsquery("ada & x", "english"), "to_tsquery('english', $1)", "'ada' & 'x'", "'ada' & 'x'"],
    [fn.plainToTsquery("ada x", "english"), "plainto_tsquery('english', $1)", "'ada' & 'x'", "'ada' & 'x'"],
    [
      fn.phraseToTsquery("ada x", "english"),
      "phraseto_tsquery('english', $1)",
      "'ada' <-> 'x'",
      "'ada' <-> 'x'",
    ],
    [
      fn.websearchToTsquery("ada or x", "english"),
      "websearch_to_tsquery('english', $1)",
      "'ada' | 'x'",
      "'ada' | 'x'",
    ],
    [
      fn.tsRank(fn.toTsvector(Thing.name, "simple"), fn.toTsquery("missing", "simple")),
      `ts_rank(to_tsvector('simple', "things"."name"), to_tsquery('simple', $1))`,
      0,
      0,
    ],
    [
      fn.tsRankCd(fn.toTsvector(Thing.name, "simple"), fn.toTsquery("missing", "simple")),
      `ts_rank_cd(to_tsvector('simple', "things"."name"), to_tsquery('simple', $1))`,
      0,
      0,
    ],
    [
      fn.tsHeadline(Thing.name, fn.toTsquery("ada", "simple"), "simple"),
      `ts_headline('simple', "things"."name", to_tsquery('simple', $1))`,
      "<b>Ada</b> Lovelace",
      "Alan",
    ],
    [
      fn.setWeight(fn.toTsvector(Thing.name, "simple"), "A"),
      `setweight(to_tsvector('simple', "things"."name"), 'A'::"char")`,
      "'ada':1A 'lovelace':2A",
      "'alan':1A",
    ],
    [
      fn.toTsvector(Thing.name, "simple").matchesQuery(fn.websearchToTsquery("ada", "simple")),
      `to_tsvector('simple', "things"."name") @@ websearch_to_tsquery('simple', $1)`,
      true,
      false,
    ],
    [Thing.name.notMatches("^A[dx]"), '"things"."name" !~ $1', false, true],
    [Thing.name.notImatches("^a[dx]"), '"things"."name" !~* $1', false, true],
    [Thing.name.similarTo("A(l|x)%"), '"things"."name" similar to $1', false, true],
  ], pool);
});
