import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processEnvironment } from "../../../../pool/wire/configuration/environment.ts";
import { passwordFor } from "../../../../pool/wire/configuration/connect_options.ts";
import { resolveConnectOptions } from "../../../../pool/wire/configuration/resolve_connect_options.ts";
import { test } from "../../../harness.ts";

interface Granting {
  readonly permissions: { querySync(permission: { readonly name: string }): { readonly state: string } };
}

function isGranted(name: string): boolean {
  const deno = (globalThis as { readonly Deno?: Granting }).Deno;
  return deno === undefined || deno.permissions.querySync({ name }).state === "granted";
}

const canWrite = isGranted("read") && isGranted("write") && isGranted("env") && isGranted("sys");

test("processEnvironment answers without a prompt and without an error, whatever the permissions", () => {
  assert.equal(processEnvironment.variable("LIFEGUARD_SURELY_NOT_SET"), undefined);
  assert.equal(processEnvironment.readFile("/surely/not/there"), undefined);
  assert.equal(processEnvironment.fileMode("/surely/not/there"), undefined);
  assert(Array.isArray(processEnvironment.variableNames()));
  assert(["string", "undefined"].includes(typeof processEnvironment.homeDirectory));
  assert(["string", "undefined"].includes(typeof processEnvironment.userName));
  const { host } = resolveConnectOptions("postgres://user@db.example/shop").hosts[0];
  assert.equal(host, "db.example");
});

test("processEnvironment treats what is denied as not set", {
  ignore: isGranted("read") ? "files may be read here, so nothing is denied" : undefined,
}, () => {
  assert.equal(processEnvironment.readFile("deno.json"), undefined);
  assert.equal(processEnvironment.fileMode("deno.json"), undefined);
});

test("resolveConnectOptions() reads a real password file and a real service file", {
  ignore: canWrite ? undefined : "needs permission to write a temporary directory",
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "lifeguard-"));
  try {
    const [passwordFile, serviceFile] = [join(directory, "pgpass"), join(directory, "pg_service.conf")];
    writeFileSync(passwordFile, "db.example:*:*:ann:from the file\n");
    writeFileSync(serviceFile, "[prod]\nhost=db.example\nuser=ann\n");
    chmodSync(passwordFile, 0o600);
    const connect = resolveConnectOptions({ service: "prod", serviceFile, passwordFile });
    assert.equal(connect.user, "ann");
    assert.equal(await passwordFor(connect, connect.hosts[0]), "from the file");
    assert.equal(processEnvironment.fileMode(passwordFile), 0o600);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
