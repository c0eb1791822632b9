/**
 * A real Node-RED in a process of its own, with the built package installed: deployed to over its admin API, fed
 * over HTTP, killed, and told where to break.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { GatewayStatus, SubmitResult } from '../../lib/message.js';
import type { Flow, FlowNode } from './flow.js';

const ROOT = path.resolve(__dirname, '../..');
const PACKAGE = '@node-red-smpp/inmobile';

export type DeployType = 'full' | 'flows' | 'nodes';

/** A place in the life of an SMS, and which time that it is passed; see `inside.mjs`. */
export interface KillPoint {
  readonly point: 'journal-write' | 'journal-sync' | 'submit' | 'answer';
  readonly when: 'before' | 'after';
  readonly times: number;
}

/** What the flow tells of, see `flow.ts`; and what the smpp-send node is given and done with, by number. */
export type Report =
  | { readonly event: 'given'; readonly payload: number }
  | { readonly event: 'done'; readonly payload: { readonly number: number; readonly isRefused: boolean } }
  | { readonly event: 'result'; readonly payload: SubmitResult }
  | { readonly event: 'refused'; readonly payload: { readonly code: string; readonly message: string } }
  | { readonly event: 'gateway'; readonly payload: GatewayStatus }
  | { readonly event: 'status'; readonly payload: { readonly fill?: string; readonly text?: string } }
  | { readonly event: 'log'; readonly payload: LogLine };

/** A warning or an error that one of the package's nodes has logged. */
export interface LogLine {
  readonly level: 'warn' | 'error';
  readonly type: string;
  readonly line: string;
}

type FromInside = Report | { readonly port: number } | { readonly flowsStarted: true };

export interface LaunchOptions {
  /** Without them it runs those that are there. */
  readonly flow?: Flow;
  readonly report?: (report: Report) => void;
  /** Loaded after `inside.mjs`; its path from this folder. */
  readonly preload?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Where `inside.mjs` writes to: a pipe, since what is sent to a parent may be lost at an exit. */
const REPORTS_FD = 4;

/** Of Node-RED's own nodes only those that the flow has: it starts in half the time. */
const NOT_LOADED = [
  '05-junction.js',
  '20-inject.js',
  '21-debug.js',
  '24-complete.js',
  '60-link.js',
  '90-comment.js',
  '91-global-config.js',
  '98-unknown.js',
  '10-switch.js',
  '15-change.js',
  '16-range.js',
  '80-template.js',
  '89-delay.js',
  '89-trigger.js',
  '90-exec.js',
  'rbe.js',
  '06-httpproxy.js',
  '10-mqtt.js',
  '21-httprequest.js',
  '22-websocket.js',
  '31-tcpin.js',
  '32-udp.js',
  '70-CSV.js',
  '70-HTML.js',
  '70-JSON.js',
  '70-XML.js',
  '70-YAML.js',
  '17-split.js',
  '18-sort.js',
  '19-batch.js',
  '10-file.js',
  '23-watch.js',
];

const SETTINGS = `
let serverPort;
module.exports = {
  uiHost: '127.0.0.1',
  uiPort: 0,
  get serverPort() { return serverPort; },
  set serverPort(port) { serverPort = port; tellTest({ port }); },
  flowFile: 'flows.json',
  credentialSecret: false,
  logging: {
    console: { level: 'info', metrics: false, audit: false },
    test: { level: 'warn', metrics: false, audit: false, handler: () => logToTest },
  },
  runtimeState: { enabled: true, ui: false },
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false },
  nodesExcludes: ${JSON.stringify(NOT_LOADED)},
  functionGlobalContext: { report: (event, payload) => tellTest({ event, payload }), ...testContext },
};
`;

const running = new Set<ChildProcess>();

/** Ends every Node-RED that is still there; for an `afterEach`. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }),
  );
}

export class NodeRed {
  readonly #child: ChildProcess;
  readonly #heard: ((message: FromInside) => void)[] = [];
  readonly #exited: Promise<unknown>;
  #address = '';
  #said = '';

  readonly #started: Promise<void>;

  /** Call `start` or `launch`. */
  constructor(userDir: string, { report, preload, env }: LaunchOptions) {
    const inside = ['inside.mjs', ...(preload === undefined ? [] : [preload])];
    this.#child = fork(require.resolve('node-red/red.js'), ['--userDir', userDir], {
      cwd: userDir,
      execArgv: inside.flatMap((file) => ['--import', pathToFileURL(path.join(__dirname, file)).href]),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    });
    running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#said += chunk.toString('utf8')));
    }
    if (report !== undefined) this.onReport(report);
    const reports = createInterface(this.#child.stdio[REPORTS_FD] as Readable);
    reports.on('line', (line) => {
      const message = JSON.parse(line) as FromInside;
      for (const heard of [...this.#heard]) heard(message);
    });
    // Its last messages are read after its end.
    const ends = [once(this.#child, 'exit'), once(reports, 'close')];
    this.#exited = Promise.all(ends).then(() => running.delete(this.#child));
    // It listens a little before its flows run.
    const started = [
      this.#next((message) => ('port' in message ? message.port : undefined)),
      this.#flowsStart(),
    ] as const;
    this.#started = Promise.all(started).then(([port]) => {
      this.#address = `http://127.0.0.1:${port}`;
    });
    this.#started.catch(() => undefined); // for those who ask
  }

  /** Starts Node-RED in this folder. */
  static launch(userDir: string, options: LaunchOptions): NodeRed {
    prepare(userDir, options.flow);
    return new NodeRed(userDir, options);
  }

  /**
   * Starts Node-RED in this folder, with these flows or with those that are there; resolves when they run.
   *
   * @throws Error with what it said, when it ends instead
   */
  static async start(userDir: string, flow?: Flow, report?: (report: Report) => void): Promise<NodeRed> {
    const nodeRed = NodeRed.launch(userDir, { ...(flow && { flow }), ...(report && { report }) });
    await nodeRed.started();
    return nodeRed;
  }

  /**
   * Resolves when its flows run.
   *
   * @throws Error with what it said, when it ends instead
   */
  started(): Promise<void> {
    return this.#started;
  }

  onReport(listener: (report: Report) => void): void {
    this.#heard.push((message) => {
      if ('event' in message) listener(message);
    });
  }

  /** Deploys; resolves when the flows run. */
  async deploy(type: DeployType, nodes: readonly FlowNode[]): Promise<void> {
    const started = this.#flowsStart();
    const answer = await fetch(`${this.#address}/flows`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': type },
      body: JSON.stringify(nodes),
    });
    if (!answer.ok) throw new Error(`the deploy was answered ${answer.status}: ${await answer.text()}`);
    await started;
  }

  /** Stops or starts the flows, as the editor's menu does; resolves when that is done. */
  async turnFlows(state: 'start' | 'stop'): Promise<void> {
    const turned = state === 'start' ? this.#flowsStart() : undefined;
    const answer = await fetch(`${this.#address}/flows/state`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ state }),
    });
    if (!answer.ok) throw new Error(`the flows did not ${state}: ${answer.status}`);
    await turned;
  }

  /**
   * Hands a payload to the flow. False when there was no flow to take it. True is not yet that it arrived: one
   * handed over after it has overtaken none.
   */
  async hand(payload: object): Promise<boolean> {
    try {
      const answer = await fetch(`${this.#address}/sms`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(payload),
      });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false; // it was killed meanwhile
    }
  }

  /** Has it killed at a point. */
  killAt(kill: KillPoint): void {
    this.#child.send({ kill });
  }

  /** Whether the disk of the journal is full. */
  diskFull(diskFull: boolean): void {
    this.#child.send({ diskFull });
  }

  /** For the preload. */
  tell(message: object): void {
    this.#child.send(message, () => undefined); // it may be gone
  }

  /** What the gateway client says of itself. */
  async status(): Promise<GatewayStatus> {
    const told = this.#next((message) =>
      'event' in message && message.event === 'gateway' ? message.payload : undefined,
    );
    if (!(await this.hand({ action: 'status' }))) throw new Error('no flow took the question');
    return told;
  }

  /** Sends a signal. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  /** Resolves when it has ended, with its log read to the end. */
  async ended(): Promise<void> {
    await this.#exited;
  }

  async stop(): Promise<void> {
    this.signal('SIGTERM');
    await this.ended();
  }

  #flowsStart(): Promise<unknown> {
    const started = this.#next((message) => ('flowsStarted' in message ? message : undefined));
    started.catch(() => undefined); // who waits for it may have been told of the end already
    return started;
  }

  #next<Found>(find: (message: FromInside) => Found | undefined): Promise<Found> {
    const found = new Promise<Found>((resolve) => {
      const hear = (message: FromInside): void => {
        const value = find(message);
        if (value === undefined) return;
        this.#heard.splice(this.#heard.indexOf(hear), 1);
        resolve(value);
      };
      this.#heard.push(hear);
    });
    const ended = this.#exited.then(() => {
      throw new Error(`Node-RED ended:\n${this.#said}`);
    });
    return Promise.race([found, ended]);
  }
}

function prepare(userDir: string, flow: Flow | undefined): void {
  writeFileSync(path.join(userDir, 'settings.js'), SETTINGS);
  if (flow !== undefined) {
    writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(flow.nodes));
    writeFileSync(path.join(userDir, 'flows_cred.json'), JSON.stringify(flow.credentials));
  }
  const link = path.join(userDir, 'node_modules', PACKAGE);
  if (existsSync(link)) return;
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync(ROOT, link, 'junction');
  const manifest = { name: 'under-test', private: true, dependencies: { [PACKAGE]: '*' } };
  writeFileSync(path.join(userDir, 'package.json'), JSON.stringify(manifest));
}
