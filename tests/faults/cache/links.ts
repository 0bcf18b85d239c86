/** The connections of a campaign that can be cut: a proxy in each. */
import { type FaultyProxy, proxy } from "../../services/client.ts";

/** What is behind each link; the application's are those of one client of several. */
export const LINKS = [
  "application to primary",
  "application to replica",
  "application to redis",
  "first reflector to primary",
  "first reflector to redis",
  "second reflector to primary",
  "second reflector to redis",
  "replica to primary",
] as const;

/** The name of a link. */
export type LinkName = typeof LINKS[number];

/** All links. */
export type Links = Readonly<Record<LinkName, FaultyProxy>>;

/** Opens a proxy for each link. */
export async function openLinks(
  ports: { readonly primary: number; readonly replica: number; readonly redis: number },
): Promise<Links> {
  const made = LINKS.map(async (name) => {
    const port = name.endsWith("primary")
      ? ports.primary
      : name.endsWith("replica")
      ? ports.replica
      : ports.redis;
    return [name, await proxy({ port })] as const;
  });
  return Object.fromEntries(await Promise.all(made)) as unknown as Links;
}
