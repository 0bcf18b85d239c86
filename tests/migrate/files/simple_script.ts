/** A client that sends a whole script in one message, as `psql -c` does: the server's own parser cuts it. */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** A session of the simple protocol. */
export class SimpleScript implements Disposable {
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk as Buffer]);
      this.#wake();
    });
    socket.on("error", () => this.#wake());
  }

  /** Connects and logs in. */
  static async open({ host, port, user, password, database }: Address): Promise<SimpleScript> {
    const socket = connect({ host, port });
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const session = new SimpleScript(socket);
    const parameters = Buffer.from(`user\0${user}\0database\0${database}\0client_encoding\0UTF8\0\0`);
    const version = Buffer.alloc(4);
    version.writeInt32BE(196_608);
    session.#send("", Buffer.concat([version, parameters]));
    await session.#login(password);
    return session;
  }

  /** Runs a script; returns the tag of each of its commands. */
  async run(text: string): Promise<string[]> {
    this.#send("Q", Buffer.from(`${text}\0`));
    const tags: string[] = [];
    let failure: string | undefined;
    for (;;) {
      const [type, body] = await this.#receive();
      if (type === "C") tags.push(body.subarray(0, -1).toString());
      if (type === "E") failure = body.toString().replaceAll("\0", " ");
      if (type !== "Z") continue;
      if (failure !== undefined) throw new Error(`${failure} in ${text}`);
      return tags;
    }
  }

  async #login(password: string): Promise<void> {
    const nonce = randomBytes(18).toString("base64");
    const first = `n=,r=${nonce}`;
    for (;;) {
      const [type, body] = await this.#receive();
      if (type === "E") throw new Error(body.toString().replaceAll("\0", " "));
      if (type === "Z") return;
      if (type !== "R") continue;
      const kind = body.readInt32BE(0);
      if (kind === 10) {
        const message = Buffer.from(`n,,${first}`);
        const length = Buffer.alloc(4);
        length.writeInt32BE(message.length);
        this.#send("p", Buffer.concat([Buffer.from("SCRAM-SHA-256\0"), length, message]));
      } else if (kind === 11) {
        this.#send("p", Buffer.from(scramFinal(first, body.subarray(4).toString(), password)));
      }
    }
  }

  #send(type: string, body: Buffer): void {
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    this.#socket.write(Buffer.concat([Buffer.from(type), length, body]));
  }

  async #receive(): Promise<[string, Buffer]> {
    while (this.#buffer.length < 5 || this.#buffer.length < 1 + this.#buffer.readInt32BE(1)) {
      if (this.#socket.destroyed) throw new Error("the connection is closed");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const end = 1 + this.#buffer.readInt32BE(1);
    const message: [string, Buffer] = [String.fromCharCode(this.#buffer[0]), this.#buffer.subarray(5, end)];
    this.#buffer = this.#buffer.subarray(end);
    return message;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** https://www.rfc-editor.org/rfc/rfc5802#section-3 */
function scramFinal(first: string, challenge: string, password: string): string {
  const of = (name: string): string =>
    challenge.split(",").find((part) => part.startsWith(`${name}=`))!.slice(2);
  const salted = pbkdf2Sync(password, Buffer.from(of("s"), "base64"), Number(of("i")), 32, "sha256");
  const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const key = hmac(salted, "Client Key");
  const bare = `c=biws,r=${of("r")}`;
  const signature = hmac(createHash("sha256").update(key).digest(), `${first},${challenge},${bare}`);
  const proof = Buffer.from(key.map((byte, index) => byte ^ signature[index]));
  return `${bare},p=${proof.toString("base64")}`;
}
