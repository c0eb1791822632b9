/**
 * A real Node-RED in a process of its own, on a free port of the loopback address.
 *
 * For what the test helper does not have: the loader, the palette and the admin API as they are.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export interface NodeRedProcess {
  /** Of the server; the editor and the admin API stand there, or below `httpAdminRoot`. No slash at the end. */
  readonly address: string;
  /** What it has written to stdout and stderr. */
  said(): string;
  /** Resolves once it has written these words. */
  says(words: string): Promise<void>;
  stop(): Promise<void>;
}

/** Which Node-RED, and on which Node. */
export interface NodeRedProgram {
  /** Path of its `red.js`. */
  readonly nodeRed: string;
  /** Path of the Node that runs it. */
  readonly node: string;
}

const OWN: NodeRedProgram = { nodeRed: require.resolve('node-red/red.js'), node: process.execPath };

/** Node-RED's program sets `serverPort` once its flows are started and it listens. */
const SETTINGS = `
let serverPort;
module.exports = {
  uiHost: '127.0.0.1',
  uiPort: 0,
  get serverPort() { return serverPort; },
  set serverPort(port) { serverPort = port; process.send({ port }); },
  credentialSecret: false,
  logging: { console: { level: 'warn', metrics: false, audit: false } },
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false },
  ...MORE,
};
process.on('disconnect', () => process.exit(0)); // nothing is left behind by a test that is cut short
`;

/**
 * Starts Node-RED in this user directory, with what is installed there; resolves when its flows are started.
 *
 * @param more settings beside those above, as JavaScript
 * @throws Error with what it said, when it ends instead
 */
export async function startNodeRed(userDir: string, more = '{}', program = OWN): Promise<NodeRedProcess> {
  writeFileSync(path.join(userDir, 'settings.js'), `const MORE = ${more};\n${SETTINGS}`);
  const child = fork(program.nodeRed, ['--userDir', userDir], {
    cwd: userDir,
    execArgv: [],
    execPath: program.node,
    // Its palette runs npm on the same Node.
    env: { ...process.env, PATH: [path.dirname(program.node), process.env.PATH].join(path.delimiter) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  const heard = new EventEmitter().setMaxListeners(0);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      heard.emit('said');
    });
  }
  const port = await listening(child, () => said);
  return {
    address: `http://127.0.0.1:${port}`,
    said: () => said,
    async says(words) {
      while (!said.includes(words)) await once(heard, 'said');
    },
    async stop() {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.send('shutdown');
      await exit;
    },
  };
}

function listening(child: ChildProcess, said: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve((message as { readonly port: number }).port));
    child.once('exit', (code) => reject(new Error(`Node-RED ended with code ${String(code)}:\n${said()}`)));
  });
}
