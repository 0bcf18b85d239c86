/** What every election has to do, run by each kind against real servers. */
import assert from "node:assert/strict";
import {
  type LeaderElection,
  type Leadership,
  LeadershipLostError,
} from "../../../reflector/election/leader_election.ts";
import { awakeTime } from "../../awake_time.ts";
import { test, type TestOptions } from "../../harness.ts";
import { randomIntegers, randomNumbers, rounds, SEED } from "../../random.ts";
import type { FaultyProxy } from "../../services/client.ts";
import { aborted, NEVER, pause } from "./observing.ts";
import { CandidateProcess, type CandidateSetting } from "./candidate_process.ts";

/** The lease in these tests, in milliseconds: the shortest that both kinds know. */
export const LEASE = 2_000;
/** A lease that no standstill of a busy machine outlives. */
const LONG_LEASE = 8_000;
/** Milliseconds within which, after the lease, a killed leader is succeeded. */
const SUCCESSION = 1_000;
/** Milliseconds that a busy machine may add. */
const SLACK = 2_500;

/** A candidate with a network of its own. */
export interface Candidate extends AsyncDisposable {
  readonly election: LeaderElection;
  readonly network: FaultyProxy;
}

/** A server, and candidates of one name. */
export interface Arena extends AsyncDisposable {
  candidate(lease?: number): Promise<Candidate>;
  /** What a process of its own needs to be a candidate there. */
  readonly setting: CandidateSetting;
}

/** How a kind is tested. */
export interface Contract {
  readonly kind: "postgres" | "etcd";
  readonly options: TestOptions;
  open(): Promise<Arena>;
}

/** A way in which a leader comes to its end; resolves when it does not lead any more. */
type Fate = (candidate: Candidate, leadership: Leadership) => Promise<void>;

const FATES: Readonly<Record<string, Fate>> = {
  async resigned(_candidate, leadership) {
    await leadership.resign();
  },
  async "cut off in silence"({ network }, { lost }) {
    await network.blackHole();
    await aborted(lost);
    await network.cut();
    await network.heal();
  },
  async "cut off and refused"({ network }, { lost }) {
    await network.refuse();
    await network.cut();
    await aborted(lost);
    await network.heal();
  },
};

/** Registers the tests of a kind. */
export function electionContract({ kind, options, open }: Contract): void {
  const all = { ...options, timeout: 120_000 };
  const long = { ...options, timeout: rounds(120_000, 900_000) };
  const name = kind === "postgres" ? "PostgresElection" : "EtcdElection";

  test(`${name} has one leader, whom all know, and another at once when it resigns`, all, async () => {
    await using arena = await open();
    await using first = await arena.candidate(LONG_LEASE);
    await using second = await arena.candidate(LONG_LEASE);
    assert.equal(await second.election.leader(NEVER), undefined);
    const leadership = await first.election.campaign(NEVER);
    const waiting = watched(second.election.campaign(NEVER));
    await pause(LONG_LEASE / 2);
    assert.equal(waiting.isSettled, false, "two lead");
    assert.equal(leadership.lost.aborted, false);
    const leader = await second.election.leader(NEVER);
    assert.match(leader!, /^[\w.-]+:\d+:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal(await first.election.leader(NEVER), leader);
    const started = awakeTime();
    await leadership.resign();
    await leadership.resign();
    await waiting.promise;
    report(`${kind}: a leader that resigned was followed`, awakeTime() - started, 1_000);
    assert.equal(leadership.lost.aborted, false, "what was resigned is not lost");
  });

  test(`${name}[Symbol.asyncDispose]() gives the leadership back and ends campaigns`, all, async () => {
    await using arena = await open();
    const first = await arena.candidate();
    await using second = await arena.candidate();
    await first.election.campaign(NEVER);
    await assert.rejects(
      first.election.campaign(NEVER),
      /^Error: Cannot campaign: this candidate leads already/,
    );
    const waiting = second.election.campaign(NEVER);
    await assert.rejects(
      second.election.campaign(NEVER),
      /Cannot campaign: this candidate campaigns already/,
    );
    const started = awakeTime();
    await first.election[Symbol.asyncDispose]();
    await waiting;
    report(`${kind}: a leader that was closed was followed`, awakeTime() - started, LEASE / 2);
    const third = await arena.candidate();
    const refused = assert.rejects(third.election.campaign(NEVER), /The election was closed/);
    await pause(50);
    await third[Symbol.asyncDispose]();
    await refused;
    await assert.rejects(first.election.campaign(NEVER), /Cannot campaign: the election was closed/);
    await first[Symbol.asyncDispose]();
  });

  test(`${name}.campaign() always settles when it is given up, whatever the network does`, all, async () => {
    await using arena = await open();
    await using leader = await arena.candidate(LONG_LEASE);
    const random = randomNumbers(SEED);
    const leadership = await leader.election.campaign(NEVER);
    await using other = await arena.candidate(LONG_LEASE);
    await assert.rejects(other.election.campaign(AbortSignal.abort(new Error("no more"))), /no more/);
    const states = ["well", "blackHole", "refuse"] as const;
    for (let round = 0; round < rounds(15, 150); round++) {
      const state = states[round % states.length];
      if (state !== "well") await other.network[state]();
      const reason = new Error(`given up in round ${round}`);
      const giveUp = new AbortController();
      const campaign = assert.rejects(other.election.campaign(giveUp.signal), reason);
      await pause(random() * 120);
      giveUp.abort(reason);
      const started = awakeTime();
      await campaign;
      assert.ok(
        awakeTime() - started < 500,
        `seed ${SEED}, round ${round}: it took ${awakeTime() - started} ms`,
      );
      if (round % 2 === 1) await other.network.cut();
      await other.network.heal();
    }
    assert.equal(leadership.lost.aborted, false);
    const next = other.election.campaign(NEVER);
    await leadership.resign();
    await next;
  });

  test(`${name} takes the leadership from a leader that the network cuts off in silence`, all, async () => {
    await using arena = await open();
    await using first = await arena.candidate();
    await using second = await arena.candidate();
    const leadership = await first.election.campaign(NEVER);
    const lostAt = aborted(leadership.lost).then(() => performance.now());
    const succession = second.election.campaign(NEVER);
    const campaign = succession.then(() => performance.now());
    const started = awakeTime();
    await first.network.blackHole();
    const [lost, won] = await Promise.all([lostAt, campaign]);
    report(`${kind}: a leader cut off in silence was followed`, awakeTime() - started, LEASE + SUCCESSION);
    console.log(`${kind}: it had known for ${Math.round(won - lost)} ms that it leads no more`);
    assert.ok(leadership.lost.reason instanceof LeadershipLostError);
    assert.match(leadership.lost.reason.message, /^The leadership is lost/);
    assert.ok(won - lost > -LEASE, "two led for longer than a lease");
    await leadership.resign();
    await first.network.heal();
    const again = watched(first.election.campaign(NEVER));
    await pause(LEASE);
    const isFree = (await succession).lost.aborted;
    assert.ok(isFree || !again.isSettled, "two lead");
  });

  test(
    `${name} has at most one leader of five over many forced changes`,
    { ...long, once: true },
    async () => {
      await using arena = await open();
      await using stack = new AsyncDisposableStack();
      const candidates: Candidate[] = [];
      for (let count = 0; count < 5; count++) candidates.push(stack.use(await arena.candidate()));
      const below = randomIntegers(SEED);
      const terms: { readonly who: number; readonly from: number; to: number }[] = [];
      const end = new AbortController();
      const changes = rounds(9, 90);
      let led = 0;
      const lives = candidates.map(async (candidate, who) => {
        while (!end.signal.aborted) {
          const leadership = await candidate.election.campaign(end.signal).catch(() => undefined);
          if (leadership === undefined) return;
          const term = { who, from: performance.now(), to: Infinity };
          terms.push(term);
          leadership.lost.addEventListener("abort", () => term.to = Math.min(term.to, performance.now()));
          if (++led > changes) return end.abort();
          await pause(50 + below(300));
          const fates = Object.keys(FATES);
          const fate = FATES[fates[led % fates.length]](candidate, leadership);
          if (led % fates.length === fates.indexOf("resigned")) term.to = performance.now();
          await fate;
          // Who campaigns again at once is mostly first, since the others ask a few times a second.
          await pause(below(600));
        }
      });
      await Promise.all(lives);
      assert.ok(terms.length > changes, `only ${terms.length} terms`);
      assert.ok(new Set(terms.map(({ who }) => who)).size > 1, "always the same led");
      terms.sort((one, other) => one.from - other.from);
      const overlaps = terms.slice(1).map(({ from }, index) => terms[index].to - from);
      const worst = Math.max(...overlaps);
      console.log(
        `${kind}: ${terms.length} leaderships, at worst two for ${Math.max(0, Math.round(worst))} ms; ` +
          `nobody led for ${
            Math.round(Math.max(...overlaps.map((overlap) => -overlap)))
          } ms at most (seed ${SEED})`,
      );
      assert.ok(worst <= LEASE, `two led for ${worst} ms (seed ${SEED})`);
    },
  );

  const processes = { ...all, allow: ["run", "read", "env", "sys"] as const };

  test(`${name} succeeds a leader that was killed within the lease and a second`, processes, async () => {
    await using arena = await open();
    await using second = await arena.candidate();
    await using leader = await CandidateProcess.start(arena.setting);
    await leader.said("won");
    const won = second.election.campaign(NEVER);
    await pause(LEASE / 2);
    const started = awakeTime();
    leader.signal("SIGKILL");
    await won;
    report(`${kind}: a killed leader was followed`, awakeTime() - started, LEASE + SUCCESSION);
  });

  test(`${name} succeeds a leader that was stopped, which finds out when it goes on`, processes, async () => {
    await using arena = await open();
    await using second = await arena.candidate();
    await using leader = await CandidateProcess.start(arena.setting);
    await leader.said("won");
    const won = second.election.campaign(NEVER);
    await pause(LEASE / 2);
    const started = awakeTime();
    leader.signal("SIGSTOP");
    await won;
    report(`${kind}: a stopped leader was followed`, awakeTime() - started, LEASE + SUCCESSION);
    const resumed = awakeTime();
    leader.signal("SIGCONT");
    await leader.said("lost");
    console.log(`${kind}: going on, it knew after ${Math.round(awakeTime() - resumed)} ms`);
  });
}

/** Prints a time and asserts it with slack. */
function report(what: string, milliseconds: number, bound: number): void {
  console.log(`${what} after ${Math.round(milliseconds)} ms (at most ${bound})`);
  assert.ok(milliseconds < bound + SLACK, `${what} after ${milliseconds} ms`);
}

function watched<T>(promise: Promise<T>): { readonly promise: Promise<T>; isSettled: boolean } {
  const result = { promise, isSettled: false };
  promise.then(() => result.isSettled = true, () => result.isSettled = true);
  return result;
}
