/** Relations to cached models: however they are narrowed, they hold what they hold without a cache. */
import assert from "node:assert/strict";
import {
  belongsTo,
  column,
  detectRepeatedLoads,
  hasMany,
  hasOne,
  model,
  relations,
  sql,
} from "../../../mod.ts";
import { test } from "../../harness.ts";
import { cachedDatabase, untilCached } from "./cached_database.ts";

const DDL =
  `create table teams (id int primary key, code text unique, name text not null, deleted_at timestamptz);
  create table members (id int primary key, team_id int references teams, big_team_id bigint, kind text not null,
    mentor_id int, deleted_at timestamptz);
  create table desks (id int primary key, member_id int not null unique);
  insert into teams values (1, 'a', 'Ants', null), (2, 'b', 'Bees', null), (3, null, 'Cats', now());
  insert into members select i, nullif(i % 4, 0), i % 4, case when i % 2 = 0 then 'even' else 'odd' end,
    nullif(i / 3, 0), case when i % 5 = 0 then now() end from generate_series(1, 24) i;
  insert into desks select i, i from generate_series(2, 20) i`;

function models(cache?: { readonly cache: number }) {
  const Team = model("teams", {
    id: column.integer().primaryKey(),
    code: column.text().nullable().unique(),
    name: column.text(),
    deletedAt: column.timestamptz().nullable(),
  }, { softDelete: true, ...cache });
  const Member = model("members", {
    id: column.integer().primaryKey(),
    teamId: column.integer().nullable(),
    bigTeamId: column.bigint().nullable(),
    kind: column.text(),
    mentorId: column.integer().nullable(),
    deletedAt: column.timestamptz().nullable(),
  }, { softDelete: true, ...cache });
  const Desk = model("desks", {
    id: column.integer().primaryKey(),
    memberId: column.integer().unique(),
  }, { ...cache });
  const team = relations(Team, {
    members: hasMany(Member, Member.teamId),
    evens: hasMany(Member, Member.teamId, { where: Member.kind.eq("even") }),
    bigs: hasMany(Member, Member.bigTeamId, { key: Team.id }),
  });
  const member = relations(Member, {
    team: belongsTo(Team, Member.teamId),
    evenTeam: belongsTo(Team, Member.teamId, { when: { kind: "even" } }),
    bigTeam: belongsTo(Team, Member.bigTeamId),
    mentor: belongsTo(Member, Member.mentorId),
    desk: hasOne(Desk, Desk.memberId),
  });
  const byTeam = {
    members: team.members,
    evens: team.evens,
    bigs: team.bigs,
    all: team.members.withTrashed(),
    only: team.members.orderBy(Member.id).only("id"),
    some: team.members.orderBy(Member.id.desc()).limit(2),
    named: team.members.where(Member.kind.eq("odd")),
    lateral: team.members.orderBy(Member.id).by("lateral"),
    nested: team.members.with(member.desk),
  };
  const byMember = {
    team: member.team.withTrashed(),
    maybe: member.team.where(Team.name.ne("Ants")),
    evenTeam: member.evenTeam,
    bigTeam: member.bigTeam.where(Team.id.gt(0)),
    mentor: member.mentor.withTrashed(),
    desk: member.desk,
    joined: member.team.withTrashed().by("join"),
    nested: member.desk,
  };
  return { Team, Member, Desk, byTeam, byMember };
}

const cached = models({ cache: 600 });
const plain = models();
const TABLES = [
  { name: "teams", lookups: [["code"]] },
  { name: "members", lookups: [["team_id"], ["big_team_id"], ["mentor_id"]] },
  { name: "desks", lookups: [["member_id"]] },
];

/** The same rows in one order: what is not ordered comes as it likes. */
function sorted(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.toSorted((one, other) => one.id - other.id);
}

test("Relations to cached models hold what they hold without a cache", async () => {
  await using db = await cachedDatabase({ ddl: DDL, tables: TABLES, cache: { nearRows: 0 } });
  const { pool } = db;
  const compare = async () => {
    const teams = await plain.Team.find().withTrashed().orderBy(plain.Team.id).all(pool);
    for (const [name, relation] of Object.entries(cached.byTeam)) {
      const other = plain.byTeam[name as keyof typeof plain.byTeam];
      for (const on of [pool, pool.reading("strong")]) {
        assert.deepEqual(
          (await relation.of(teams as never, on) as unknown[]).map(sorted),
          (await other.of(teams as never, pool.reading("primary")) as unknown[]).map(sorted),
          `team.${name}`,
        );
      }
    }
    const members = await plain.Member.find().withTrashed().orderBy(plain.Member.id).all(pool);
    for (const [name, relation] of Object.entries(cached.byMember)) {
      const other = plain.byMember[name as keyof typeof plain.byMember];
      for (const on of [pool, pool.reading("strong")]) {
        const of = (kind: typeof relation | typeof other, executor: typeof on) =>
          kind.of(members as never, executor).then((rows) => rows, (error: Error) => error.message);
        assert.deepEqual(
          await of(relation, on),
          await of(other, pool.reading("primary") as typeof on),
          `member.${name}`,
        );
      }
    }
  };
  for (let round = 0; round < 3; round++) {
    await compare();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(db.cache.stats().hits > 0);
  await pool.execute(sql`update members set team_id = 2, deleted_at = null where id in (1, 5, 10)`);
  await pool.execute(sql`update teams set deleted_at = null where id = 3`);
  await db.applied();
  await compare();
});

test("Relations that are loaded one row at a time are reported, wherever they come from", async () => {
  await using db = await cachedDatabase({ ddl: DDL, tables: TABLES });
  const { pool } = db;
  const { Member, byTeam, byMember } = cached;
  const load = async () => {
    const reported: string[] = [];
    using _watch = detectRepeatedLoads({ threshold: 3, act: ({ message }) => reported.push(message) });
    for (const row of await Member.find().where(Member.teamId.eq(1)).all(pool)) {
      await byMember.desk.of(row, pool);
    }
    const [team] = await plain.Team.find().where(plain.Team.id.eq(2)).all(pool.reading("primary"));
    for (const row of await byTeam.members.of(team as never, pool)) {
      await byMember.mentor.of(row as never, pool);
    }
    return reported.length;
  };
  assert.equal(await load(), 2);
  assert.equal(await untilCached(db.cache, load), 2);
});
