/**
 * Passwords do not get into anything that is printed, whoever put them into a message.
 *
 * @module
 */
import type { Settings } from "./resolve_settings.ts";

/** A text without the passwords of the URLs that the program knows. */
export function hiddenSecrets(text: string, settings: Settings | undefined): string {
  let hidden = text;
  for (const url of [settings?.database.url, settings?.scratchUrl]) {
    for (const secret of secretsOf(url)) hidden = hidden.replaceAll(secret, "***");
  }
  return hidden;
}

/** The password as it is written in the URL, and as it is meant. One of a few letters would be in any word. */
function secretsOf(url: string | undefined): readonly string[] {
  if (url === undefined) return [];
  const [, written = ""] = /^[a-z]+:\/\/[^/@]*?:([^@]*)@/i.exec(url) ?? [];
  const [, pair = ""] = /[?&\s]password=([^&\s]*)/i.exec(url) ?? [];
  return [written, pair].flatMap((secret) => [secret, decoded(secret)]).filter((secret) =>
    secret.length >= 4
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
