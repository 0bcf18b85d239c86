/**
 * A network that drops packets without a word, so that a connection is half open and neither side hears of it: what a
 * proxy, which answers for the network, cannot do.
 *
 *     test ── outer ══ veth ══ inner ── forwarder.ts ── Unix socket ── this process ── the server
 *             └ this namespace ┘└ a network namespace of its own ┘
 *
 * The namespace has no name: it, its interfaces and all their routes are gone as soon as the forwarder ends, which
 * it does when this process does. Packets are dropped inside it, by a routing rule before all others; the outer end
 * knows the inner one's hardware address for good, so that it never learns of the silence by asking for that.
 */
import type { Direction, LinkDescription } from "./description.ts";
import { findProgram, onPath } from "./installed_program.ts";
import { Forwarder } from "./forwarder.ts";

/** Its first four bits say that it was not given by a maker of hardware. */
const INNER_HARDWARE = "02:00:00:00:00:02";
/** The forwarder's port, in a namespace where nothing else listens. */
const PORT = 5432;

/** Where the packets that a rule drops come from, as rules name it: what this end sends comes from `lo`. */
const COMES_FROM: Readonly<Record<Direction, string>> = { toServer: "inner", toClient: "lo" };
const DIRECTIONS: readonly Direction[] = ["toServer", "toClient"];

/** A link to one server that can drop packets. */
export class DroppingLink {
  readonly #id: string;
  readonly #outer: string;
  readonly #host: string;
  readonly #far: Deno.ChildProcess;
  readonly #near: Forwarder;
  readonly #dropped: Set<Direction> = new Set();

  private constructor(id: string, { host, outer, far, near }: {
    host: string;
    outer: string;
    far: Deno.ChildProcess;
    near: Forwarder;
  }) {
    this.#id = id;
    this.#host = host;
    this.#outer = outer;
    this.#far = far;
    this.#near = near;
  }

  /** Finds out whether links can be made here, and installs what they take; throws the reason why not. */
  static async prepare(): Promise<void> {
    if (Deno.build.os !== "linux") throw new Error("network namespaces are a thing of Linux");
    if (Deno.uid() !== 0) throw new Error("only root may make network namespaces; run the tests as root");
    for (const [program, debianPackage] of [["ip", "iproute2"], ["unshare", "util-linux"]] as const) {
      const found = await findProgram(program, debianPackage);
      if ("reason" in found) throw new Error(found.reason);
    }
    try {
      // All that a link takes, in a namespace that is gone at once.
      await run(["unshare", "--net", await programPath("ip"), "-batch", "-"], [
        "link add outer type veth peer name inner",
        "link set outer up",
        ...RULES,
        "rule add pref 1 iif lo blackhole",
      ]);
    } catch (error) {
      throw new Error(`network namespaces are out of reach (${(error as Error).message})`);
    }
  }

  /**
   * Makes a link.
   *
   * @param id Its name.
   * @param target The server's address; asked at each connection.
   * @param folder Where its Unix socket may be.
   */
  static async open(
    id: string,
    target: () => { host: string; port: number },
    folder: string,
  ): Promise<DroppingLink> {
    const path = `${folder}/link_${id}`;
    const near = await Forwarder.open(path, target);
    const program = new URL("forwarder.ts", import.meta.url).pathname;
    const far = new Deno.Command(await programPath("unshare"), {
      args: ["--net", Deno.execPath(), "run", "-A", "--no-config", program, String(PORT), path],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const { outer, near: nearAddress, far: host } = addresses();
    const link = new DroppingLink(id, { host, outer, far, near });
    try {
      await firstLine(far.stdout);
      await run(["ip", "-batch", "-"], [
        `link add ${outer} type veth peer name inner address ${INNER_HARDWARE} netns ${far.pid}`,
        `addr add ${nearAddress}/30 dev ${outer}`,
        `link set ${outer} up`,
        `neigh replace ${host} lladdr ${INNER_HARDWARE} dev ${outer} nud permanent`,
      ]);
      await link.#inside([`addr add ${host}/30 dev inner`, "link set inner up", ...RULES]);
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  describe(): LinkDescription {
    return { id: this.#id, host: this.#host, port: PORT, dropping: [...this.#dropped] };
  }

  /** Drops every packet of these directions, and only of these. */
  async drop(directions: readonly Direction[]): Promise<void> {
    for (const direction of DIRECTIONS) {
      const isDropped = directions.includes(direction);
      if (isDropped === this.#dropped.has(direction)) continue;
      await this.#inside([
        `rule ${isDropped ? "add" : "del"} pref 1 iif ${COMES_FROM[direction]} blackhole`,
      ]);
      if (isDropped) this.#dropped.add(direction);
      else this.#dropped.delete(direction);
    }
  }

  /** Takes the network away; connections that are still open are reset. */
  async close(): Promise<void> {
    await this.drop([]).catch(() => {});
    await Promise.allSettled([this.#far.stdin.close(), this.#far.stdout.cancel()]);
    const late = setTimeout(() => this.#far.kill("SIGKILL"), 5_000);
    await this.#far.status;
    clearTimeout(late);
    await this.#near.close();
    // The system takes its time to remove a namespace; the address is free for others at once.
    await run(["ip", "-batch", "-"], [`link del ${this.#outer}`]).catch(() => {});
  }

  async #inside(commands: readonly string[]): Promise<void> {
    await run(
      ["nsenter", `--net=/proc/${this.#far.pid}/ns/net`, await programPath("ip"), "-batch", "-"],
      commands,
    );
  }
}

/** Has the rule that comes first, to the machine's own addresses, leave room for one before it. */
const RULES: readonly string[] = ["rule add pref 2 lookup local", "rule del pref 0 lookup local"];

/** Two addresses of a network for tests (RFC 2544), and a name for the near interface, that nobody else has. */
function addresses(): { outer: string; near: string; far: string } {
  const taken = new Set(Deno.networkInterfaces().map(({ address }) => address));
  for (;;) {
    const number = Math.floor(Math.random() * 2 ** 15);
    const network = `198.${18 + (number >> 14)}.${(number >> 6) & 255}`;
    const first = (number & 63) * 4;
    const near = `${network}.${first + 1}`;
    if (!taken.has(near)) {
      return { outer: `lifeguard${number}`, near, far: `${network}.${first + 2}` };
    }
  }
}

async function programPath(program: string): Promise<string> {
  const path = await onPath(program);
  if (path === undefined) throw new Error(`"${program}" is not on PATH any more`);
  return path;
}

/** Runs a program with lines for its input; throws what it complains of. */
async function run([program, ...args]: readonly string[], lines: readonly string[]): Promise<void> {
  const child = new Deno.Command(await programPath(program), {
    args,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
    signal: AbortSignal.timeout(10_000),
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stderr } = await child.output();
  if (code === 0) return;
  const complaint = new TextDecoder().decode(stderr).trim().split("\n")[0];
  throw new Error(`${program}: ${complaint || `exit code ${code}`}`);
}

/** Resolves when a program has printed something; throws when it ends without. */
async function firstLine(output: ReadableStream<Uint8Array>): Promise<void> {
  const reader = output.getReader();
  const { done } = await reader.read();
  reader.releaseLock();
  if (done) throw new Error("The far end of the link ended before it listened; the reason is above");
}
