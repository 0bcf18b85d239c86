/**
 * The service file (`~/.pg_service.conf`): named sets of connection parameters, with libpq's rules.
 * https://www.postgresql.org/docs/18/libpq-pgservice.html
 *
 * @module
 */
import type { Parameter } from "./connection_string.ts";
import { ConfigError } from "../errors.ts";

/**
 * Finds a service in the text of a service file.
 *
 * @param text The file's text.
 * @param service Name of the section.
 * @param path The file's path, for errors.
 * @returns The section's parameters in order, or undefined when there is no such section.
 * @throws {ConfigError} When a line of the section is not `name=value`, or names another service.
 */
export function findService(text: string, service: string, path: string): Parameter[] | undefined {
  let parameters: Parameter[] | undefined;
  for (const [index, rawLine] of text.split(/\r?\n/).entries()) {
    const line = rawLine.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("[")) {
      if (parameters !== undefined) break;
      if (line === `[${service}]`) parameters = [];
      continue;
    }
    if (parameters === undefined) continue;
    const where = `line ${index + 1} of "${path}"`;
    const equals = line.indexOf("=");
    if (equals <= 0) {
      throw new ConfigError(
        "service",
        `${where} is not "name=value"; correct that line`,
        `service "${service}"`,
      );
    }
    const name = line.slice(0, equals);
    if (name === "service" || name === "servicefile") {
      throw new ConfigError(
        "service",
        `${where} refers to another service, which is not possible; remove that line`,
        `service "${service}"`,
      );
    }
    parameters.push({ name, value: line.slice(equals + 1), printable: true });
  }
  return parameters;
}
