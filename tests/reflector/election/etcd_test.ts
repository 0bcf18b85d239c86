/** Electing by etcd: the contract, and what only etcd has. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type AddressInfo, createServer } from "node:net";
import { EtcdElection, type EtcdElectionOptions } from "../../../reflector/election/etcd.ts";
import { LeadershipLostError } from "../../../reflector/election/leader_election.ts";
import { test } from "../../harness.ts";
import { type IsolatedEtcd, isolatedEtcd, needs, proxy, services } from "../../services/client.ts";
import { type Arena, electionContract, LEASE } from "./contract.ts";
import { aborted, campaignsInVain, NEVER, pause, recording } from "./observing.ts";

const ETCD = { ...needs("etcd"), timeout: 60_000 };

electionContract({ kind: "etcd", options: needs("etcd"), open });

async function open(): Promise<Arena> {
  const etcd = await isolatedEtcd();
  const setting = { kind: "etcd", name: "contract", lease: LEASE, endpoints: etcd.urls } as const;
  return {
    setting,
    async candidate(lease = LEASE) {
      const network = await proxy({ port: etcd.members[0].port });
      const election = new EtcdElection({ ...setting, lease, endpoints: [network.url(etcd.url)] });
      const dispose = async (): Promise<void> => {
        await election[Symbol.asyncDispose]();
        await network.close();
      };
      return { election, network, [Symbol.asyncDispose]: dispose };
    },
    [Symbol.asyncDispose]: () => etcd.remove(),
  };
}

test("EtcdElection loses the leadership when its lease or its key is ended", ETCD, async () => {
  await using etcd = await isolatedEtcd();
  await using election = new EtcdElection({ name: "ended", lease: 8_000, endpoints: etcd.urls });
  const cases: [RegExp, (entry: { key: string; lease: string }) => Promise<unknown>][] = [
    [
      /etcd has ended its lease|its key in etcd was deleted/,
      ({ lease }) => ask(etcd, "lease/revoke", { ID: lease }),
    ],
    [/its key in etcd was deleted, or is another's/, ({ key }) => ask(etcd, "kv/deleterange", { key })],
    [
      /its key in etcd was deleted, or is another's/,
      ({ key }) => ask(etcd, "kv/put", { key, value: base64("me") }),
    ],
  ];
  for (const [expected, end] of cases) {
    const leadership = await election.campaign(NEVER);
    const key = base64("lifeguard/reflector/ended/leader");
    const { kvs: [{ lease }] } = await ask(etcd, "kv/range", { key }) as { kvs: { lease: string }[] };
    await end({ key, lease });
    await aborted(leadership.lost);
    assert.ok(leadership.lost.reason instanceof LeadershipLostError);
    assert.match(leadership.lost.reason.message, expected);
    await ask(etcd, "kv/deleterange", { key });
  }
});

test(
  "EtcdElection keeps the leadership while one of three servers is away",
  { ...ETCD, once: true },
  async () => {
    await using etcd = await isolatedEtcd({ members: 3 });
    await using election = new EtcdElection({ name: "three", lease: 6_000, endpoints: etcd.urls });
    const leadership = await election.campaign(NEVER);
    const [first, second] = etcd.members;
    await first.control.kill();
    await pause(7_000);
    assert.equal(leadership.lost.aborted, false, String(leadership.lost.reason));
    // Without most of its servers etcd answers nobody.
    await second.control.kill();
    await aborted(leadership.lost);
    await Promise.all([first.control.start(), second.control.start()]);
    await etcd.settle();
    await (await election.campaign(NEVER)).resign();
  },
);

test(
  "EtcdElection goes on when a server answers with an error, or not in JSON, and tells the logger",
  ETCD,
  async () => {
    await using etcd = await isolatedEtcd();
    const stranger = createServer((socket) => {
      socket.on("error", () => {});
      socket.once(
        "data",
        () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"),
      );
    });
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    const wrong = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    const { logger, messages } = recording();
    try {
      await using lost = new EtcdElection({ name: "strangers", lease: LEASE, endpoints: [wrong], logger });
      await campaignsInVain(lost, messages, /No etcd answers: .* and no JSON; is it an etcd\?/);
      await using found = new EtcdElection({ name: "strangers", lease: 6_000, endpoints: [wrong, etcd.url] });
      const leadership = await found.campaign(NEVER);
      await pause(4_000);
      assert.equal(leadership.lost.aborted, false, String(leadership.lost.reason));
    } finally {
      await new Promise((resolve) => stranger.close(resolve));
    }
  },
);

test(
  "EtcdElection logs in, also again when its token is forgotten, and never prints the password",
  ETCD,
  async () => {
    await using etcd = await isolatedEtcd();
    const password = "canary-of-etcd";
    await ask(etcd, "auth/user/add", { name: "root", password });
    await ask(etcd, "auth/role/add", { name: "root" });
    await ask(etcd, "auth/user/grant", { user: "root", role: "root" });
    await ask(etcd, "auth/enable", {});
    const { logger, messages } = recording();
    const options = { name: "users", lease: 8_000, endpoints: etcd.urls, logger };
    await using election = new EtcdElection({ ...options, user: "root", password });
    const leadership = await election.campaign(NEVER);
    // It keeps its simple tokens in memory.
    await etcd.control.restart();
    await etcd.settle();
    await pause(3_000);
    assert.equal(leadership.lost.aborted, false, String(leadership.lost.reason));
    await leadership.resign();
    await using nobody = new EtcdElection(options);
    await campaignsInVain(nobody, messages, /user name is empty/);
    await using stranger = new EtcdElection({ ...options, user: "root", password: "canary-of-another" });
    await campaignsInVain(stranger, messages, /authentication failed/);
    assert.doesNotMatch(messages.join(), /canary/);
  },
);

test("EtcdElection speaks TLS, and refuses an authority it does not know", ETCD, async () => {
  const { ca } = (await services())!.certificates;
  await using etcd = await isolatedEtcd({ tls: true });
  await using election = new EtcdElection({ name: "tls", lease: LEASE, endpoints: etcd.urls, tls: { ca } });
  await (await election.campaign(NEVER)).resign();
  const { logger, messages } = recording();
  await using strict = new EtcdElection({ name: "tls", lease: LEASE, endpoints: etcd.urls, logger });
  // With the network alone Deno does not say which authorities the system trusts.
  await campaignsInVain(strict, messages, /certificate|issuer|self.signed|access to "ca"/i);
});

test("EtcdElection leads for its own lease where etcd's smallest is longer", ETCD, async () => {
  await using etcd = await isolatedEtcd();
  await using network = await proxy({ port: etcd.members[0].port });
  await using election = new EtcdElection({
    name: "short",
    lease: 1_000,
    endpoints: [network.url(etcd.url)],
  });
  await using other = new EtcdElection({ name: "short", lease: 1_000, endpoints: etcd.urls });
  const leadership = await election.campaign(NEVER);
  const started = performance.now();
  const lost = aborted(leadership.lost).then(() => performance.now() - started);
  const won = other.campaign(NEVER).then(() => performance.now() - started);
  await network.blackHole();
  console.log(`etcd: lost after ${Math.round(await lost)} ms, followed after ${Math.round(await won)} ms`);
  assert.ok(await lost < await won);
});

test("EtcdElection refuses options that cannot be used, before anything is sent", () => {
  const make = (options: Partial<EtcdElectionOptions>) => (): unknown =>
    new EtcdElection({ name: "fine", endpoints: ["http://nowhere.invalid:2379"], ...options });
  const cases: [Partial<EtcdElectionOptions>, RegExp][] = [
    [{ endpoints: [] }, /"etcdEndpoints" from options: it names none; give URLs such as/],
    [{ endpoints: ["http://a:2379", "nowhere:2379"] }, /endpoint 2 is no URL that begins with http/],
    [{ endpoints: ["http://root:secret@a:2379"] }, /endpoint 1 holds a user; give "etcdUser"/],
    [{ endpoints: ["http://a:2379/v3"] }, /endpoint 1 has a path/],
    [{ user: "root" }, /Cannot use setting "etcdPassword" from options: it is missing/],
    [{ password: "secret" }, /Cannot use setting "etcdUser" from options: it is missing/],
    [{ lease: 60_001 }, /Cannot use setting "lease"/],
  ];
  for (const [options, expected] of cases) {
    assert.throws(make(options), expected);
    assert.throws(
      make(options),
      (error: Error) => error.name === "ConfigError" && !error.message.includes("secret"),
    );
  }
  make({})();
});

async function ask(etcd: IsolatedEtcd, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${etcd.url}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  });
  return await response.json();
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
