/**
 * The servers to try: hosts, addresses and ports, paired by their place in three lists.
 *
 * @module
 */
import type { ResolvedHost } from "./connect_options.ts";
import { parseSetting, refuse, type Setting } from "./setting.ts";
import type { SettingReader } from "./setting_layers.ts";

/** A host before its password was looked up. */
export type HostAddress = Omit<ResolvedHost, "password">;

/** Pairs hosts, addresses and ports. */
export function readHosts(reader: SettingReader): HostAddress[] {
  const addresses = reader.list("hostAddress");
  const hosts = reader.list("host") ?? addresses ?? ["localhost"];
  if (addresses !== undefined && addresses.length !== hosts.length) {
    throw refuse(
      reader.raw("hostAddress")!,
      `has ${counted(addresses.length, "address", "addresses")} for ${
        counted(hosts.length, "host", "hosts")
      }`,
      "give one for each host",
    );
  }
  const ports = readPorts(reader);
  if (ports.length !== 1 && ports.length !== hosts.length) {
    throw refuse(
      reader.raw("port")!,
      `has ${ports.length} ports for ${counted(hosts.length, "host", "hosts")}`,
      "give one port, or one for each host",
    );
  }
  return hosts.map((name, index) => {
    const host = name === "" ? addresses?.[index] || "localhost" : name;
    const port = ports[ports.length === 1 ? 0 : index];
    const address = addresses?.[index] || host;
    checkHost(reader, host);
    return { host, address, port, socketPath: addresses === undefined ? socketPath(host, port) : undefined };
  });
}

/** What no host name, address or IPv6 zone contains; such text is most likely a misplaced part of a URL. */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const NOT_IN_HOST = /[\s\x00-\x1f\x7f"'<>\\^`{|}@?#/]/;

function checkHost(reader: SettingReader, host: string): void {
  if (host.startsWith("/") || host.startsWith("@") || !NOT_IN_HOST.test(host)) return;
  const raw = reader.raw("host") ?? reader.raw("hostAddress")!;
  throw refuse(
    { ...raw, value: host },
    'is not a host name, an address, or a directory that starts with "/"',
    'give for example "db.example", "10.0.0.1", "::1" or "/var/run/postgresql"',
  );
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function socketPath(host: string, port: number): string | undefined {
  if (host.startsWith("/")) return `${host}/.s.PGSQL.${port}`;
  if (host.startsWith("@")) return `\0${host.slice(1)}/.s.PGSQL.${port}`; // Linux's abstract namespace
  return undefined;
}

function readPorts(reader: SettingReader): number[] {
  const setting: Setting = { ...reader.setting("port"), type: "integer" };
  const raw = reader.raw("port");
  if (raw === undefined) return [5432];
  const split = typeof raw.value === "string" && raw.form === "text" ? raw.value.split(",") : raw.value;
  const items: unknown[] = Array.isArray(split) ? split : [split];
  if (items.length === 0) throw refuse(raw, "is empty", "give at least one port, or leave it out");
  return items.map((item) => item === "" ? 5432 : parseSetting(setting, { ...raw, value: item }) as number);
}
