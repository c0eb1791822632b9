/**
 * Flows in Node-RED's own runtime, in this process: loads them, deploys changes, and takes what comes out.
 *
 * Texts are their keys here: the test helper has no catalogues.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import helper from 'node-red-node-test-helper';
import type { Node, NodeAPI, NodeMessage, NodeStatus } from 'node-red';
import registerConnection from '../../nodes/inmobile-connection/inmobile-connection.js';
import registerDlr from '../../nodes/smpp-dlr/smpp-dlr.js';
import registerReceive from '../../nodes/smpp-receive/smpp-receive.js';
import registerSend from '../../nodes/smpp-send/smpp-send.js';

export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** A message as a test looks into it. */
export type Message = NodeMessage & { readonly payload: Record<string, unknown> } & Record<string, unknown>;

/** Core nodes by their file, as the runtime has them. */
const CORE_FILES = [
  'common/20-inject.js',
  'common/21-debug.js',
  'common/24-complete.js',
  'common/25-catch.js',
  'common/25-status.js',
  'common/90-comment.js',
  'function/10-function.js',
  'function/10-switch.js',
  'function/15-change.js',
  'function/89-delay.js',
  'network/05-tls.js',
  'parsers/70-CSV.js',
  'sequence/17-split.js',
];
const OURS = [registerConnection, registerSend, registerReceive, registerDlr];

const fromNodeRed = createRequire(createRequire(__filename).resolve('node-red'));

let userDir = '';
const statuses = new Map<string, NodeStatus>();
let inboxes = new Map<string, Inbox>();

/** Call it in a describe: starts the runtime for its tests, and stops the flows after each of them. */
export function useNodeRed(): void {
  before(async () => {
    helper.init(createRequire(__filename).resolve('node-red'));
    await helper.startServer();
    helper._events.on('node-status', keepStatus);
  });
  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'inmobile-nodes-'));
    helper.settings({ userDir });
  });
  afterEach(async () => {
    await stopFlows();
    rmSync(userDir, { recursive: true, force: true });
  });
  after(async () => {
    helper._events.off('node-status', keepStatus);
    await helper.stopServer();
  });
}

/**
 * Starts the flows, as Node-RED does when it is started.
 *
 * @param others registers node types of the test's own
 */
export async function startFlows(
  flow: readonly FlowNode[],
  credentials: object = {},
  others: readonly ((RED: NodeAPI) => void)[] = [],
): Promise<void> {
  const core = CORE_FILES.map((file) => fromNodeRed(`@node-red/nodes/core/${file}`) as unknown);
  inboxes = new Map();
  statuses.clear();
  const started = once(helper._events, 'flows:started');
  await helper.load([...core, ...OURS, ...others], flow, credentials);
  await started;
  collect(flow);
}

/** Stops the flows, as Node-RED does when it ends. */
export async function stopFlows(): Promise<void> {
  await helper.unload();
}

/** Stops the flows by hand, as an admin may; `startFlows` is to follow. */
export async function haltFlows(): Promise<void> {
  await helper._redNodes.stopFlows();
}

/** Deploys these flows; what is awaited from then on comes from them. */
export async function deploy(
  flow: readonly FlowNode[],
  type: 'full' | 'flows' | 'nodes',
  credentials: object = {},
): Promise<void> {
  const started = once(helper._events, 'flows:started');
  await helper._redNodes.setFlows(flow, credentials, type);
  await started;
  collect(flow);
}

export function nodeOf(id: string): Node {
  const node = helper.getNode(id);
  if (node === null) throw new Error(`there is no node ${id}`);
  return node;
}

/** Hands a msg to a node, as a wire does. */
export function receive(id: string, msg: Record<string, unknown>): void {
  nodeOf(id).receive(msg);
}

/** The next msg that the helper node with this id gets, or has got and nobody asked for yet. */
export function next(id: string): Promise<Message> {
  return inboxOf(id).next();
}

/** What the helper node has got and nobody asked for. */
export function waitingAt(id: string): number {
  return inboxOf(id).messages.length;
}

/** What a node shows below itself now. */
export function shownBelow(id: string): NodeStatus | undefined {
  return statuses.get(id);
}

/** Node-RED's own numbers. */
const LEVELS = { error: 20, warn: 30 } as const;

/** What the node has logged since the flows were started. */
export function loggedBy(id: string, level: keyof typeof LEVELS): string[] {
  const events = helper.log().args.map(([event]) => event);
  return events.filter((event) => event.id === id && event.level === LEVELS[level]).map(({ msg }) => msg);
}

class Inbox {
  readonly messages: Message[] = [];
  #asking: ((message: Message) => void)[] = [];

  take(message: Message): void {
    const ask = this.#asking.shift();
    if (ask === undefined) this.messages.push(message);
    else ask(message);
  }

  next(): Promise<Message> {
    const message = this.messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#asking.push(resolve));
  }
}

function inboxOf(id: string): Inbox {
  const inbox = inboxes.get(id);
  if (inbox === undefined) throw new Error(`there is no helper node ${id}`);
  return inbox;
}

function keepStatus({ id, status }: { id: string; status?: NodeStatus }): void {
  if (status !== undefined) statuses.set(id, status);
}

const heard = new WeakSet<Node>();

function collect(flow: readonly FlowNode[]): void {
  for (const { id } of flow.filter(({ type }) => type === 'helper')) {
    const inbox = inboxes.get(id) ?? new Inbox();
    inboxes.set(id, inbox);
    const node = nodeOf(id);
    if (heard.has(node)) continue;
    heard.add(node);
    node.on('input', (message) => inbox.take(message as Message));
  }
}
