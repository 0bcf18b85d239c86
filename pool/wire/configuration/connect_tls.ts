/**
 * What is said about TLS, with the combinations that libpq refuses.
 *
 * @module
 */
import type { ResolvedConnectOptions } from "./connect_options.ts";
import { type Environment, homePath } from "./environment.ts";
import { refuse } from "./setting.ts";
import type { SettingReader } from "./setting_layers.ts";

/** The settings that TLS depends on and that check each other. */
export type ConnectTlsOptions = Pick<
  ResolvedConnectOptions,
  | "sslmode"
  | "sslnegotiation"
  | "sslRootCert"
  | "sslCert"
  | "sslKey"
  | "sslPassword"
  | "sslServerName"
  | "sslMinVersion"
  | "sslMaxVersion"
  | "channelBinding"
>;

/** Reads the settings of TLS; certificates of libpq's usual places are used when they exist. */
export function readTls(reader: SettingReader, environment: Environment): ConnectTlsOptions {
  const homeFile = (name: string): string | undefined => {
    const path = homePath(environment, `.postgresql/${name}`);
    return path !== undefined && environment.readFile(path) !== undefined ? path : undefined;
  };
  const isSystem = reader.text("sslRootCert") === "system";
  const modeRaw = reader.raw("sslmode");
  const sslmode: ConnectTlsOptions["sslmode"] = modeRaw === undefined && isSystem
    ? "verify-full"
    : reader.choice("sslmode");
  if (isSystem && sslmode !== "verify-full") {
    throw refuse(modeRaw!, 'is too weak for sslrootcert "system"', 'give "verify-full"');
  }
  const sslnegotiation: ConnectTlsOptions["sslnegotiation"] = reader.choice("sslnegotiation");
  if (sslnegotiation === "direct" && ["disable", "allow", "prefer"].includes(sslmode)) {
    throw refuse(
      reader.raw("sslnegotiation")!,
      `cannot be used with sslmode "${sslmode}"`,
      'set sslmode to "require", "verify-ca" or "verify-full"',
    );
  }
  const channelBinding: ConnectTlsOptions["channelBinding"] = reader.choice("channelBinding");
  if (channelBinding === "require" && sslmode === "disable") {
    throw refuse(
      reader.raw("channelBinding")!,
      'cannot be used with sslmode "disable"',
      'set sslmode to "require", "verify-ca" or "verify-full"',
    );
  }
  const used = sslmode !== "disable";
  const sslMinVersion: ConnectTlsOptions["sslMinVersion"] = reader.choice("sslMinVersion");
  const sslMaxVersion = reader.text("sslMaxVersion") as ConnectTlsOptions["sslMaxVersion"];
  if (sslMaxVersion !== undefined && sslMaxVersion < sslMinVersion) {
    throw refuse(
      reader.raw("sslMaxVersion")!,
      `is older than the oldest version allowed, "${sslMinVersion}"`,
      "raise it, or lower the oldest version",
    );
  }
  return {
    sslmode,
    sslnegotiation,
    sslRootCert: reader.text("sslRootCert") ?? (used ? homeFile("root.crt") : undefined),
    sslCert: reader.text("sslCert") ?? (used ? homeFile("postgresql.crt") : undefined),
    sslKey: reader.text("sslKey") ?? (used ? homeFile("postgresql.key") : undefined),
    sslPassword: reader.text("sslPassword"),
    sslServerName: reader.text("sslServerName"),
    sslMinVersion,
    sslMaxVersion,
    channelBinding,
  };
}
