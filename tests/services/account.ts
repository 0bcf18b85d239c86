/** The account that runs the servers: PostgreSQL and PgBouncer refuse to run as root. */

/** A user and its group, as `Deno.Command` takes them. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** Finds `postgres` or else `nobody` when this process is root; otherwise servers run as this process. */
export function serverAccount(): Account {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) return {};
  const entries = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const entry = entries.find((fields) => fields[0] === name);
    if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new Error(
    `Cannot start PostgreSQL: it refuses to run as root and neither "postgres" nor "nobody" is an account ` +
      `of this machine; run the tests as another user`,
  );
}

/** Hands a folder and all that is in it to an account. */
export async function giveTo(account: Account, path: string): Promise<void> {
  if (account.uid === undefined || account.gid === undefined) return;
  await Deno.chown(path, account.uid, account.gid);
  if (!(await Deno.lstat(path)).isDirectory) return;
  for await (const entry of Deno.readDir(path)) await giveTo(account, `${path}/${entry.name}`);
}

/** The folder for temporary files: `TMPDIR`, unless another account may not enter it; a socket's path is short. */
export function temporaryRoot(): string {
  if (Deno.build.os === "windows") return Deno.env.get("TEMP") ?? "C:\\Windows\\Temp";
  const wanted = Deno.env.get("TMPDIR");
  return wanted !== undefined && wanted.length <= 40 && isOpen(wanted) ? wanted.replace(/\/+$/, "") : "/tmp";
}

function isOpen(path: string): boolean {
  for (
    let folder = path;
    folder !== "" && folder !== "/";
    folder = folder.slice(0, folder.lastIndexOf("/"))
  ) {
    try {
      if (((Deno.statSync(folder).mode ?? 0) & 0o001) === 0) return false;
    } catch {
      return false;
    }
  }
  return true;
}
