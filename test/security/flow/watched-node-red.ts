/**
 * A real Node-RED in a process of its own, logging all that it can, whose every word and listening socket is kept.
 *
 * The built package is linked into its user directory. Credentials come by a deploy, as from the editor.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../../..');
const PACKAGE = '@node-red-smpp/inmobile';

const SETTINGS = `
const net = require('node:net');
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  this.once('listening', () => process.send({ listening: this.address() }));
  return listen.apply(this, args);
};
let serverPort;
module.exports = {
  uiHost: '127.0.0.1',
  uiPort: 0,
  get serverPort() { return serverPort; },
  set serverPort(port) { serverPort = port; process.send({ port }); },
  flowFile: 'flows.json',
  credentialSecret: 'of this test',
  logging: { console: { level: 'trace', metrics: true, audit: true } },
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false },
  functionGlobalContext: { report: (event, value) => process.send({ event, value }) },
};
process.on('disconnect', () => process.exit(0));
`;

type Said =
  | { readonly port: number }
  | { readonly listening: AddressInfo }
  | { readonly event: string; readonly value: unknown };

export class WatchedNodeRed {
  readonly #child: ChildProcess;
  readonly #events = new EventEmitter();
  readonly #reports: { readonly event: string; readonly value: unknown }[] = [];
  /** Sockets that it listens on. */
  readonly listening: AddressInfo[] = [];
  #address = '';
  #output = '';

  /** Use `start`: this one is not ready. */
  constructor(userDir: string) {
    this.#child = fork(require.resolve('node-red/red.js'), ['--userDir', userDir, '--verbose'], {
      cwd: userDir,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString('utf8')));
    }
    this.#child.on('message', (message) => this.#hear(message as Said));
  }

  static async start(userDir: string): Promise<WatchedNodeRed> {
    writeFileSync(path.join(userDir, 'settings.js'), SETTINGS);
    writeFileSync(path.join(userDir, 'package.json'), '{"name":"watched","private":true}');
    mkdirSync(path.join(userDir, 'node_modules', path.dirname(PACKAGE)), { recursive: true });
    symlinkSync(ROOT, path.join(userDir, 'node_modules', PACKAGE), 'junction');
    const nodeRed = new WatchedNodeRed(userDir);
    const ended = once(nodeRed.#child, 'close').then(() => {
      throw new Error(`Node-RED ended:\n${nodeRed.output}`);
    });
    ended.catch(() => undefined);
    await Promise.race([once(nodeRed.#events, 'port'), ended]);
    return nodeRed;
  }

  /** Its log. */
  get output(): string {
    return this.#output;
  }

  async deploy(flow: readonly object[]): Promise<void> {
    const { status } = await this.post('/flows', flow);
    if (status !== 204) throw new Error(`the deploy was answered ${status}`);
  }

  async post(where: string, body: object): Promise<Response> {
    const headers = { 'Content-Type': 'application/json' };
    return await fetch(this.#address + where, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async get(where: string): Promise<string> {
    const answer = await fetch(this.#address + where, { headers: { Accept: 'application/json' } });
    return await answer.text();
  }

  /** The first thing that the flow has reported, or will report, under this name, and that fits. */
  async report<T>(event: string, fits: (value: T) => boolean = () => true): Promise<T> {
    for (;;) {
      const found = this.#reports.find((one) => one.event === event && fits(one.value as T));
      if (found !== undefined) return found.value as T;
      await once(this.#events, 'report');
    }
  }

  /** All that the flow has reported, as JSON. */
  get reported(): string {
    return JSON.stringify(this.#reports);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await ended;
  }

  #hear(said: Said): void {
    if ('event' in said) {
      this.#reports.push(said);
      this.#events.emit('report');
    } else if ('listening' in said) this.listening.push(said.listening);
    else {
      this.#address = `http://127.0.0.1:${said.port}`;
      this.#events.emit('port');
    }
  }
}
