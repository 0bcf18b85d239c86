/** An etcd of one test: one server, or three that elect a leader. */
import type { EtcdGroupOptions } from "./description.ts";
import { type GroupSetting, HelperGroup, type Member, startMembers } from "./helper_group.ts";
import { freePort, until } from "./wait.ts";

/** Makes an etcd. */
export async function etcdGroup(setting: GroupSetting): Promise<HelperGroup> {
  const { members: count = 1 } = setting.options as EtcdGroupOptions;
  const { tls } = setting;
  const nodes = Array.from({ length: count }, (_, index) => ({
    label: count === 1 ? "" : `${index + 1}`,
    id: `member${index + 1}`,
    port: freePort(),
    peer: `http://127.0.0.1:${freePort()}`,
  }));
  const files: Record<string, string> = {};
  if (tls !== undefined) {
    files["server.crt"] = tls.identity.certificate;
    files["server.key"] = tls.identity.key;
  }
  const scheme = tls === undefined ? "http" : "https";
  const members = await startMembers(
    setting,
    nodes.map(({ label, id, port, peer }) => ({
      role: "server" as const,
      label,
      options: {
        port,
        ca: tls?.ca,
        url: `${scheme}://${tls === undefined ? "127.0.0.1" : "localhost"}:${port}`,
        stopSignal: "SIGTERM" as const,
        arguments: [
          ...["--name", id, "--data-dir", "data"],
          ...["--listen-client-urls", `${scheme}://127.0.0.1:${port}`],
          ...["--advertise-client-urls", `${scheme}://127.0.0.1:${port}`],
          ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
          ...["--initial-cluster", nodes.map((node) => `${node.id}=${node.peer}`).join(",")],
          ...["--initial-cluster-state", "new", "--initial-cluster-token", setting.name],
          ...(tls === undefined ? [] : ["--cert-file", "server.crt", "--key-file", "server.key"]),
        ],
        files,
      },
    })),
  );
  const group = new HelperGroup(setting, { members, behaviour: { settle } });
  try {
    await group.settle();
    return group;
  } catch (error) {
    await group.remove();
    throw error;
  }
}

/** Waits till every member that runs sees a leader and answers. */
async function settle(members: readonly Member[]): Promise<void> {
  for (const { server } of members.filter(({ server }) => server.state === "running")) {
    const { url, ca } = server.entrance;
    using client = Deno.createHttpClient(ca === undefined ? {} : { caCerts: [ca] });
    await until(`The health of ${server.name}`, async () => {
      const answer = await fetch(`${url}/health`, { client, signal: AbortSignal.timeout(2_000) });
      return (await answer.json() as { health: unknown }).health === "true" || undefined;
    });
  }
}
