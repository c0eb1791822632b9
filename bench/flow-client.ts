/**
 * A child process: Node-RED's own runtime with the pack installed, and flows that differ in one node. In one it hands
 * on what it gets; in the others it is smpp-send, with one storage or the other.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { NodeAPI, Node, NodeDef } from 'node-red';
import type { IdleRun } from './client.js';
import { LOGIN, type Target } from './target.js';
import { RECIPIENTS, SENDER, stretch, TEXTS, type Stretch } from './traffic.js';
import { wakeUps, type WakeUps } from './wake-ups.js';
import { callable } from './worker.js';

export const STORAGES = ['memory', 'disk'] as const;
type StorageKind = (typeof STORAGES)[number];

export const NO_OP = 'no-op';
/** `no-op`, or the storage of the smpp-send in its place. */
export type FlowName = StorageKind | typeof NO_OP;

interface FlowRun {
  readonly flow: FlowName;
  /** msg under way at once. */
  readonly ahead: number;
  readonly forMs: number;
}

interface BenchDef extends NodeDef {
  readonly flow: string;
}

/** What of Node-RED's module is used. */
interface NodeRed {
  init(settings: object): void;
  start(): Promise<void>;
  readonly events: { once(event: string, listener: () => void): void };
}

const userDir = mkdtempSync(path.join(process.cwd(), '.cache', 'bench-'));
process.on('exit', () => rmSync(userDir, { recursive: true, force: true }));

/** The nodes of a flow that are ours: its first sends a msg, its last tells that one has come through. */
const first = new Map<string, Node>();
let arrived: (msg: object) => void = () => undefined;

const methods = {
  /** Resolves when the flows run; without a target they have none of the pack's nodes. */
  async start({ target, window }: { readonly target?: Target; readonly window: number }): Promise<void> {
    install();
    const ca = path.join(userDir, 'ca.pem');
    const withPack = target === undefined ? [] : packFlows(target, window, ca);
    if (target !== undefined) writeFileSync(ca, target.ca);
    writeFileSync(
      path.join(userDir, 'flows.json'),
      JSON.stringify([...flow(NO_OP, { type: 'bench-no-op' }, 1), ...withPack]),
    );
    writeFileSync(
      path.join(userDir, 'flows_cred.json'),
      JSON.stringify({ 'connection-memory': LOGIN, 'connection-disk': LOGIN }),
    );
    const RED = createRequire(__filename)('node-red') as NodeRed;
    RED.init({
      userDir,
      flowFile: 'flows.json',
      httpAdminRoot: false,
      httpNodeRoot: false,
      credentialSecret: false,
      logging: { console: { level: 'error', metrics: false, audit: false } },
      telemetry: { enabled: false, updateNotification: false },
    });
    const started = new Promise<void>((resolve) => RED.events.once('flows:started', resolve));
    await RED.start();
    await started;
  },

  async measure({ flow, ahead, forMs }: FlowRun): Promise<Stretch> {
    const node = first.get(flow === NO_OP ? NO_OP : `flow-${flow}`);
    if (node === undefined) throw new Error(`there is no flow ${flow}`);
    let sent = 0;
    let came = 0;
    const next = (): void => {
      const index = sent % TEXTS.length;
      sent += 1;
      node.send({ to: RECIPIENTS[index], payload: TEXTS[index] });
    };
    const measured = stretch();
    const until = performance.now() + forMs;
    await new Promise<void>((resolve, reject) => {
      arrived = (msg) => {
        came += 1;
        if ('error' in msg) reject(new Error(`the flow caught ${JSON.stringify(msg.error)}`));
        if (performance.now() < until) next();
        else if (came === sent) resolve();
      };
      for (let free = ahead; free > 0; free--) next();
    });
    return measured(came);
  },

  /** Its flows run, and no msg comes. */
  async idle({ settleMs, forMs }: IdleRun): Promise<WakeUps> {
    await setTimeout(settleMs);
    return wakeUps(forMs);
  },
};

/** The pack as the palette would have it, and the nodes at the ends of the flows. */
function install(): void {
  const packages = path.join(userDir, 'node_modules', '@node-red-smpp');
  mkdirSync(packages, { recursive: true });
  symlinkSync(process.cwd(), path.join(packages, 'inmobile'), 'junction');
  const manifest = { name: 'bench', private: true, dependencies: { '@node-red-smpp/inmobile': '*' } };
  writeFileSync(path.join(userDir, 'package.json'), JSON.stringify(manifest));
  const nodes = path.join(userDir, 'nodes');
  mkdirSync(nodes);
  // Node-RED loads files; this one brings it back into this module.
  Object.assign(globalThis, { registerBenchNodes });
  writeFileSync(path.join(nodes, 'bench.js'), 'module.exports = globalThis.registerBenchNodes;\n');
  writeFileSync(path.join(nodes, 'bench.html'), '<script type="text/javascript"></script>\n');
}

function registerBenchNodes(RED: NodeAPI): void {
  RED.nodes.registerType('bench-first', function (this: Node, def: BenchDef) {
    RED.nodes.createNode(this, def);
    first.set(def.flow, this);
  });
  RED.nodes.registerType('bench-no-op', function (this: Node, def: BenchDef) {
    RED.nodes.createNode(this, def);
    this.on('input', (msg, send, done) => {
      send(msg);
      done();
    });
  });
  RED.nodes.registerType('bench-last', function (this: Node, def: BenchDef) {
    RED.nodes.createNode(this, def);
    this.on('input', (msg, _send, done) => {
      done();
      arrived(msg);
    });
  });
}

function packFlows(target: Target, window: number, ca: string): object[] {
  const hosts = `${target.host}:${target.port}`;
  return [
    ...STORAGES.flatMap((storage) => [
      ...flow(`flow-${storage}`, smppSend(storage), 2),
      {
        id: `connection-${storage}`,
        type: 'inmobile-connection',
        gateway: 'custom',
        hosts,
        window: String(window),
        storage,
        tls: 'tls',
      },
    ]),
    { id: 'tls', type: 'tls-config', cert: '', key: '', ca, servername: '', verifyservercert: true },
  ];
}

/** Three nodes in a row; of several outputs the first is wired, as in a flow that only wants what was accepted. */
function flow(tab: string, middle: object, outputs: number): object[] {
  const place = { z: tab, x: 0, y: 0 };
  const unwired = Array.from({ length: outputs - 1 }, () => []);
  return [
    { id: tab, type: 'tab', label: tab },
    { id: `${tab}-1`, type: 'bench-first', flow: tab, ...place, wires: [[`${tab}-2`]] },
    { id: `${tab}-2`, ...middle, ...place, wires: [[`${tab}-3`], ...unwired] },
    { id: `${tab}-3`, type: 'bench-last', ...place, wires: [] },
    { id: `${tab}-4`, type: 'catch', scope: null, uncaught: false, ...place, wires: [[`${tab}-3`]] },
  ];
}

/** With all that the editor saves. */
function smppSend(storage: StorageKind): object {
  const addressed = { to: 'to', toType: 'msg', from: SENDER, fromType: 'str' };
  const typed = { ...addressed, text: 'payload', textType: 'msg', dedupe: '', dedupeType: 'str' };
  const flags = { flash: false, substitute: true };
  const words = {
    encoding: 'auto',
    longMessage: 'udh8',
    receipt: 'always',
    priority: 'normal',
    onUncertain: '',
  };
  const numbers = { maxSegments: '10', expiresAfter: '1440', validity: '', dedupeMinutes: '60' };
  return {
    type: 'smpp-send',
    connection: `connection-${storage}`,
    ...typed,
    ...flags,
    ...words,
    ...numbers,
  };
}

export type FlowClient = typeof methods;

callable(methods);
