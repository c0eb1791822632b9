/**
 * A process of the benchmark and how its parent calls it: `callable` in the child, `Worker` in the parent.
 *
 * One call at a time and process: what is measured must not share its process with anything else.
 */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';

interface Call {
  readonly method: string;
  readonly input: unknown;
}

type Reply = { readonly output: unknown } | { readonly error: string };

/** What a child process can be asked for, by name. */
export type Methods = Readonly<Record<string, (input: never) => unknown>>;

/** Answers the parent's calls with these methods; ends when the parent does. */
export function callable(methods: Methods): void {
  process.on('message', (call: Call) => {
    void answer(methods, call).then((reply) => process.send?.(reply));
  });
  process.on('disconnect', () => process.exit(0));
}

async function answer(methods: Methods, { method, input }: Call): Promise<Reply> {
  try {
    const run = methods[method] as ((input: unknown) => unknown) | undefined;
    if (run === undefined) throw new Error(`no method ${method}`);
    return { output: await run(input) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** A call that takes longer has gone wrong: nothing is measured for so long, a million SMS on a busy machine apart. */
const CALL_MAX_MS = 3_600_000;

export class Worker<Child extends Methods> {
  readonly #name: string;
  readonly #process: ChildProcess;

  /** @param name of its script in bench/, without ending */
  constructor(name: string, args: readonly string[] = [], execArgv: readonly string[] = []) {
    this.#name = name;
    this.#process = fork(path.join(__dirname, `${name}.js`), args, {
      execArgv: [...execArgv],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
  }

  /** @throws Error with what went wrong in the child, or that it has ended */
  call<Name extends keyof Child & string>(
    method: Name,
    input: Parameters<Child[Name]>[0],
  ): Promise<Awaited<ReturnType<Child[Name]>>> {
    return new Promise((resolve, reject) => {
      const failed = (how: string) => () => reject(new Error(`${this.#name} ${how} during ${method}`));
      const timer = setTimeout(failed('took too long'), CALL_MAX_MS);
      const ended = failed('ended');
      this.#process.once('exit', ended);
      this.#process.once('message', (reply: Reply) => {
        clearTimeout(timer);
        this.#process.off('exit', ended);
        if ('error' in reply) reject(new Error(`${this.#name} ${method}: ${reply.error}`));
        else resolve(reply.output as Awaited<ReturnType<Child[Name]>>);
      });
      this.#process.send({ method, input } satisfies Call);
    });
  }

  /** Resolves when its process is gone. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.connected) this.#process.disconnect();
    else this.#process.kill();
    await exit;
  }
}
