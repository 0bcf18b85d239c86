/** A headless browser of this machine, steered by the protocol of its developer tools. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The path of a browser, where one is installed. */
export function findBrowser(path: string): string | undefined {
  return path.split(":").flatMap((folder) => PROGRAMS.map((name) => join(folder, name))).find((file) =>
    existsSync(file)
  );
}

/** How a page is looked at. */
export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
  readonly isPhone?: boolean;
}

/** A page in a browser; the browser ends with it. */
export interface BrowserPage extends AsyncDisposable {
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until an expression is truthy. */
  until(expression: string, timeout?: number): Promise<void>;
  /** A PNG of the whole page. */
  screenshot(): Promise<Uint8Array>;
  /** What the page wrote to its console, and what it was refused. */
  readonly complaints: readonly string[];
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Opens a page. */
export async function openPage(
  program: string,
  url: string,
  options: PageOptions = {},
): Promise<BrowserPage> {
  const { width = 1280, height = 900, scheme = "light", isPhone = false } = options;
  const profile = await mkdtemp(join(tmpdir(), "lifeguard-browser-"));
  const child = spawn(program, [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
    "about:blank",
  ], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const dispose = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const endpoint = await new Promise<string>((resolve, reject) => {
      let text = "";
      child.stderr.on("data", (chunk) => {
        text += chunk;
        const found = /DevTools listening on (ws:\S+)/.exec(text);
        if (found !== null) resolve(found[1]);
      });
      child.once("error", reject);
      child.once("close", () => reject(new Error(`The browser ended: ${text}`)));
    });
    const targets = await (await fetch(`http://${new URL(endpoint).host}/json/list`)).json() as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const target = targets.find(({ type }) => type === "page")!;
    const tools = await connect(target.webSocketDebuggerUrl);
    await tools.call("Runtime.enable");
    await tools.call("Log.enable");
    await tools.call("Page.enable");
    await tools.call("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: isPhone ? 2 : 1,
      mobile: isPhone,
    });
    await tools.call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
    await tools.call("Page.navigate", { url });
    const evaluate = async (expression: string): Promise<unknown> => {
      const { result } = await tools.call("Runtime.evaluate", { expression, returnByValue: true }) as {
        result: { value?: unknown };
      };
      return result.value;
    };
    return {
      evaluate,
      async until(expression, timeout = 15_000) {
        const end = performance.now() + timeout;
        while (!await evaluate(expression)) {
          if (performance.now() > end) throw new Error(`The page never had: ${expression}`);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
      async screenshot() {
        const { data } = await tools.call("Page.captureScreenshot", { captureBeyondViewport: true }) as {
          data: string;
        };
        return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      },
      complaints: tools.complaints,
      async [Symbol.asyncDispose]() {
        await tools.close();
        await dispose();
      },
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Tools {
  call(method: string, params?: object): Promise<Record<string, unknown>>;
  close(): Promise<void>;
  readonly complaints: readonly string[];
}

async function connect(url: string): Promise<Tools> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("The browser's tools do not answer"));
  });
  const waiting = new Map<number, (message: Message) => void>();
  const complaints: string[] = [];
  let last = 0;
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data as string) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    else if (message.method === "Log.entryAdded" || message.method === "Runtime.exceptionThrown") {
      complaints.push(JSON.stringify(message.params));
    }
  };
  return {
    complaints,
    async call(method, params = {}) {
      const id = ++last;
      const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
      socket.send(JSON.stringify({ id, method, params }));
      const { result, error } = await answer;
      if (error !== undefined) throw new Error(`${method}: ${error.message}`);
      return result ?? {};
    },
    close: () =>
      new Promise((resolve) => {
        socket.onclose = () => resolve();
        socket.close();
      }),
  };
}
