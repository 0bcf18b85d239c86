/** A server of a test that lets nobody in, for a reason of the test's choice, or everybody, as soon or as late. */
import { createServer, type Server, type Socket } from "node:net";
import { backend, FakeBackend, join } from "../pool/wire/session/fake_backend.ts";

/** How a server receives a client: with an error of this SQLSTATE, by closing without a word, or well. */
export type Mood = { readonly refusal: string } | "fin" | "serve";

/** A server in memory of the test's process; its sessions answer as {@link FakeBackend} does. */
export class MoodyServer implements AsyncDisposable {
  /** How it receives clients now. */
  mood: Mood;
  /** Milliseconds that a login takes, whatever comes of it. */
  loginTakes = 0;
  /** Monotonic milliseconds of each attempt to connect. */
  readonly attempts: number[] = [];
  /** Handshakes that were under way at the same time, at most. */
  mostAtOnce = 0;
  #underWay = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(mood: Mood) {
    this.mood = mood;
    this.#server = createServer((socket) => this.#receive(socket));
  }

  /** Starts a server. */
  static async listen(mood: Mood): Promise<MoodyServer> {
    const moody = new MoodyServer(mood);
    await new Promise<void>((resolve) => moody.#server.listen(0, "127.0.0.1", resolve));
    return moody;
  }

  /** Where it is. */
  get url(): string {
    return `postgres://u@127.0.0.1:${(this.#server.address() as { port: number }).port}/d?sslmode=disable`;
  }

  /** How many of its connections are open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** The most attempts that began within so many milliseconds. */
  mostWithin(milliseconds: number): number {
    let most = 0;
    for (let from = 0, to = 0; to < this.attempts.length; to++) {
      while (this.attempts[to] - this.attempts[from] >= milliseconds) from++;
      most = Math.max(most, to - from + 1);
    }
    return most;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #receive(socket: Socket): void {
    this.attempts.push(performance.now());
    this.#sockets.add(socket);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
    let isUnderWay = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      if (isUnderWay) this.#underWay--;
      isUnderWay = false;
    };
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
      end();
    });
    const fake = new FakeBackend();
    socket.on("data", (bytes: Uint8Array) => {
      const { mood } = this;
      const login = (): void => {
        end();
        if (mood === "fin") socket.end();
        else if (mood === "serve") {
          const { answer, ends } = fake.take(new Uint8Array(bytes));
          if (answer.length > 0) socket.write(join(answer));
          if (ends) socket.end();
        } else socket.end(backend.error(mood.refusal, "not now", "FATAL"));
      };
      if (isUnderWay && this.loginTakes > 0) timer = setTimeout(login, this.loginTakes);
      else login();
    });
  }
}
