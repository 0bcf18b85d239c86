/** The supervisor ends what it started, however it ends itself. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime, test, type TestOptions } from "../harness.ts";
import type { LinkDescription, ServicesDescription } from "./description.ts";

const OPTIONS: TestOptions = {
  ignore: runtime === "bun" ? "the supervisor runs under Deno" : undefined,
  allow: ["run", "read", "env", "sys"],
  timeout: 120_000,
  sanitize: false,
};

/** A supervisor of a primary only. */
interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly port: number;
  readonly folder: string;
  /** The near address of a link made there; undefined where none can be made. */
  readonly link: string | undefined;
}

function launch(...args: string[]): ChildProcess {
  const program = fileURLToPath(new URL("supervisor.ts", import.meta.url));
  return spawn(process.execPath, ["run", "-A", program, "--only", "primary", ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

async function start(...args: string[]): Promise<Started> {
  const child = launch(...args);
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout!.on("data", (chunk: Uint8Array) => {
      output += new TextDecoder().decode(chunk);
      const match = /^control endpoint: (\S+)$/m.exec(output);
      if (match !== null) resolve(match[1]);
    });
    ended.then(() => reject(new Error(`The supervisor ended: ${output}`)));
  });
  const { servers, missing, links } = await (await fetch(url)).json() as ServicesDescription;
  assert.deepEqual(Object.keys(servers), ["primary"], missing.primary);
  assert.equal(missing.redis, "it was not asked for");
  const { port, socketDirectory } = servers.primary;
  assert.ok(await listens(port));
  const link = links ? await makeLink(url) : undefined;
  assert.ok(link === undefined || hasAddress(link));
  return { child, ended, port, folder: dirname(socketDirectory!), link };
}

async function makeLink(url: string): Promise<string> {
  const answer = await fetch(`${url}/links`, { method: "POST", body: JSON.stringify({ target: "primary" }) });
  const { host } = await answer.json() as LinkDescription;
  return host.replace(/\d+$/, (last) => `${Number(last) - 1}`);
}

function hasAddress(address: string): boolean {
  return Object.values(networkInterfaces()).flat().some((each) => each?.address === address);
}

async function isGone({ port, folder, link }: Started): Promise<void> {
  const deadline = performance.now() + 40_000;
  while (
    await listens(port) || await stat(folder).then(() => true, () => false) ||
    (link !== undefined && hasAddress(link))
  ) {
    assert.ok(performance.now() < deadline, `the server, "${folder}" or the address ${link} is still there`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      resolve(true);
      socket.destroy();
    });
    socket.on("error", () => resolve(false));
  });
}

test("supervisor ends everything when its parent goes away", OPTIONS, async () => {
  const started = await start("--with-parent");
  started.child.stdin!.end();
  assert.equal(await started.ended, 0);
  await isGone(started);
});

test("supervisor ends everything on SIGTERM", OPTIONS, async () => {
  const started = await start("--with-parent");
  process.kill(started.child.pid!, "SIGTERM");
  assert.equal(await started.ended, 0);
  await isGone(started);
});

test("supervisor ends everything when nobody asks for its lease", OPTIONS, async () => {
  const started = await start("--with-parent", "--lease", "0.02");
  assert.equal(await started.ended, 0);
  await isGone(started);
});

test("supervisor ends everything when it is told to while it starts", OPTIONS, async () => {
  const child = launch("--with-parent");
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  await new Promise((resolve) => setTimeout(resolve, 600));
  process.kill(child.pid!, "SIGTERM");
  assert.equal(await ended, 0);
});

test("supervisor leaves nothing behind when it is killed", OPTIONS, async () => {
  const started = await start("--with-parent");
  process.kill(started.child.pid!, "SIGKILL");
  await started.ended;
  await isGone(started);
});
