/**
 * Redis or etcd of one test: one server, or several that work together. Each member is a helper server under a name of
 * its own, so that it can be stopped, paused and put behind a proxy as any other.
 */
import { join } from "node:path";
import type { Account } from "./account.ts";
import type { Identity } from "./certificates.ts";
import type { GroupDescription, HelperGroupOptions, MemberRole } from "./description.ts";
import { HelperServer, type HelperServerOptions } from "./helper_server.ts";

/** What a group is made with. */
export interface GroupSetting {
  /** The group's name, which its members' names begin with. */
  readonly name: string;
  /** The folder of all servers. */
  readonly folder: string;
  readonly account: Account;
  readonly program: string;
  readonly options: HelperGroupOptions;
  /** A certificate for the servers and the authority that signed it. */
  readonly tls?: { readonly identity: Identity; readonly ca: string };
}

/** A server of a group. */
export interface Member {
  readonly role: MemberRole;
  readonly server: HelperServer;
}

/** What a kind of group knows to do. */
export interface GroupBehaviour {
  /** Waits till all members that run work together. */
  settle(members: readonly Member[]): Promise<void>;
  /** Makes a replica the master, as an operator would; resolves when it is. */
  failover?(members: readonly Member[], to?: Member): Promise<void>;
  /** The name of the member that is the master now. */
  master?(members: readonly Member[]): Promise<string>;
}

/** Servers made for one test, which are removed together. */
export class HelperGroup {
  readonly name: string;
  readonly members: readonly Member[];
  readonly #behaviour: GroupBehaviour;
  readonly #options: HelperGroupOptions;

  constructor(
    { name, options }: GroupSetting,
    { members, behaviour }: { members: readonly Member[]; behaviour: GroupBehaviour },
  ) {
    this.name = name;
    this.members = members;
    this.#behaviour = behaviour;
    this.#options = options;
  }

  describe(): GroupDescription {
    const members = this.members.map(({ role, server }) => ({ ...server.describe(), role }));
    return { name: this.name, kind: this.#options.kind, members };
  }

  async settle(): Promise<void> {
    await this.#behaviour.settle(this.members);
  }

  /** @param to The name of the replica that becomes the master; by default the group chooses. */
  async failover(to?: string): Promise<void> {
    if (this.#behaviour.failover === undefined) {
      throw new Error(`A group of ${this.#options.kind} cannot fail over`);
    }
    const member = this.members.find(({ server }) => server.name === to);
    if (to !== undefined && member === undefined) throw new Error(`"${to}" is no member of ${this.name}`);
    await this.#behaviour.failover(this.members, member);
  }

  async master(): Promise<string> {
    if (this.#behaviour.master === undefined) {
      throw new Error(`A group of ${this.#options.kind} has no one master`);
    }
    return await this.#behaviour.master(this.members);
  }

  async remove(): Promise<void> {
    await removeAll(this.members.map(({ server }) => server));
  }
}

/** Starts the members of a group; when one cannot be started, none is left. */
export async function startMembers(
  setting: GroupSetting,
  members: readonly {
    readonly role: MemberRole;
    readonly label: string;
    readonly options: Omit<HelperServerOptions, "name" | "program" | "account" | "folder">;
  }[],
): Promise<readonly Member[]> {
  const { name, program, account, folder } = setting;
  const results = await Promise.allSettled(members.map(async ({ role, label, options }) => {
    const own = label === "" ? name : `${name}_${label}`;
    const all = { ...options, name: own, program, account, folder: join(folder, own) };
    return { role, server: await HelperServer.create(all) };
  }));
  const started = results.filter((result) => result.status === "fulfilled").map((result) => result.value);
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return started;
  await removeAll(started.map(({ server }) => server));
  throw failed.reason;
}

async function removeAll(servers: readonly HelperServer[]): Promise<void> {
  const results = await Promise.allSettled(servers.map((server) => server.remove()));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
