/**
 * The flow of the matrix, and everything that a person may do to it.
 *
 *   source ─▶ smpp-send ═▶ report "result"     catch ─▶ report "caught"     smpp-dlr ─▶ report "receipt"
 *
 * The source gives msgs from the moment that it is made. The flow of `flow.ts` has the rest; its way in over HTTP is for
 * `msg.action`.
 */
import path from 'node:path';
import type { Simulator } from '../../../lib/simulator/simulator.js';
import { flowTo, ON_TAB, type Flow, type FlowNode } from '../flow.js';
import type { DeployType } from '../node-red.js';

export interface Scene {
  readonly simulator: Simulator;
  /** Where its stores are. */
  readonly folder: string;
  readonly storage: 'disk' | 'memory';
  /** Whether the nodes that receive stand on the tab of the one that sends. */
  readonly isTogether: boolean;
}

/** A change of the flow, and the kinds of deploy that carry it out. */
export interface Act {
  readonly name: string;
  readonly deploys: readonly DeployType[];
  readonly edit: (nodes: readonly FlowNode[], scene: Scene) => readonly FlowNode[];
  /**
   * Receipts that nobody can have: what `memory` knew goes with it, or what is accepted `meanwhile` is known in a place
   * that the flow as it was does not look at.
   */
  readonly losesReceipts?: { readonly memory?: true; readonly meanwhile?: true };
}

export const STORE = 'store';
const ALL: readonly DeployType[] = ['full', 'flows', 'nodes'];
const LOGIN = { systemId: 'demo', password: 'secret' };

export function flowOf(scene: Scene): Flow {
  const { simulator, folder, storage, isTogether } = scene;
  const connection = { storage, storageDirectory: path.join(folder, STORE), window: 50 };
  const flow = flowTo(simulator, { connection });
  const own = flow.nodes.find(({ id }) => id === 'connection')!;
  const place = isTogether ? ON_TAB : { ...ON_TAB, z: 'receipts' };
  const dlr = { ...place, type: 'smpp-dlr', name: '', from: '', wires: [['receipt'], []] };
  const others: FlowNode[] = [
    { ...own, id: 'other', storage: 'disk', storageDirectory: path.join(folder, 'other') },
    { id: 'caught', ...ON_TAB, type: 'catch', scope: null, uncaught: false, wires: [['after-catch']] },
    { id: 'after-catch', ...ON_TAB, type: 'function', func: '', outputs: 0, wires: [] },
    { id: 'receipts', type: 'tab', label: 'receipts' },
    { id: 'dlr', ...dlr, connection: 'connection' },
    { id: 'dlr-other', ...dlr, connection: 'other' },
    { ...receipt(), ...place },
    { id: 'spare', ...ON_TAB, type: 'function', func: '', outputs: 1, wires: [[]] },
    {
      id: 'source',
      ...ON_TAB,
      type: 'function',
      func: '',
      initialize: SOURCE,
      outputs: 1,
      wires: [['send']],
    },
  ];
  return {
    nodes: [...flow.nodes, ...others],
    credentials: { ...flow.credentials, other: { systemId: 'other', password: 'secret' } },
  };
}

/** The flow as a deploy gives it, with what a person types in again where a node is made anew. */
export function withCredentials({ nodes, credentials }: Flow): readonly FlowNode[] {
  const known = credentials as Readonly<Record<string, object>>;
  return nodes.map((node) =>
    known[node.id] === undefined ? node : { ...node, credentials: known[node.id] },
  );
}

export const ACTS: readonly Act[] = [
  { name: 'nothing is changed', deploys: ['full'], edit: (nodes) => nodes },
  { name: 'another node is changed', deploys: ALL, edit: changed('receipt', { name: 'changed' }) },
  {
    name: 'the tab is changed',
    deploys: ALL,
    edit: changed('tab', { env: [{ name: 'A', value: 'b', type: 'str' }] }),
  },
  { name: 'smpp-send is changed', deploys: ALL, edit: changed('send', { name: 'changed' }) },
  {
    name: 'smpp-send is wired anew',
    deploys: ALL,
    edit: changed('send', { wires: [['result'], ['result', 'spare']] }),
  },
  { name: 'smpp-dlr is changed', deploys: ALL, edit: changed('dlr', { name: 'changed' }) },
  { name: 'the window is changed', deploys: ALL, edit: changed('connection', { window: 7 }) },
  { name: 'the certificate is changed', deploys: ALL, edit: changed('tls', { name: 'changed' }) },
  { name: 'both hosts are used', deploys: ALL, edit: changed('connection', { links: 'both' }) },
  {
    name: 'the gateway is simulated',
    deploys: ALL,
    edit: changed('connection', { gateway: 'simulator' }),
    losesReceipts: { memory: true },
  },
  {
    name: 'the password is changed',
    deploys: ALL,
    edit: changed('connection', { credentials: { ...LOGIN, password: 'changed' } }),
  },
  {
    name: 'the account is changed',
    deploys: ALL,
    edit: changed('connection', { credentials: { ...LOGIN, systemId: 'other' } }),
    losesReceipts: { memory: true, meanwhile: true },
  },
  { name: 'the storage is changed', deploys: ALL, edit: otherStorage },
  { name: 'the folder is changed', deploys: ALL, edit: otherFolder },
  {
    name: 'the connection is replaced',
    deploys: ALL,
    edit: replaced,
    losesReceipts: { memory: true },
  },
  {
    name: 'smpp-send is moved to another connection',
    deploys: ALL,
    edit: changed('send', { connection: 'other' }),
  },
  { name: 'smpp-send is made anew', deploys: ALL, edit: changed('send', { id: 'send-anew' }) },
  { name: 'smpp-send is disabled', deploys: ALL, edit: changed('send', { d: true }) },
  { name: 'the tab is disabled', deploys: ALL, edit: changed('tab', { disabled: true }) },
  {
    name: 'the connection is disabled',
    deploys: ALL,
    edit: changed('connection', { d: true }),
    losesReceipts: { memory: true },
  },
  { name: 'smpp-send is deleted', deploys: ALL, edit: deleted(({ id }) => id === 'send') },
  { name: 'the tab is deleted', deploys: ALL, edit: deleted(({ id, z }) => id === 'tab' || z === 'tab') },
  {
    name: 'the connection is deleted',
    deploys: ALL,
    edit: deleted(({ id }) => id === 'connection'),
    losesReceipts: { memory: true },
  },
];

/** The first are there before anything else happens. */
const SOURCE = `
const give = () => {
  const msg = global.get('give')();
  if (msg !== null) node.send(msg);
};
for (let index = 0; index < 3; index += 1) give();
setInterval(give, 2);
`;

function receipt(): FlowNode {
  const func = `global.get('report')('receipt', msg.payload.correlation ?? null);`;
  return { id: 'receipt', ...ON_TAB, type: 'function', func, outputs: 0, wires: [] };
}

function changed(id: string, properties: Readonly<Record<string, unknown>>): Act['edit'] {
  return (nodes) => nodes.map((node) => (node.id === id ? { ...node, ...properties } : node));
}

function deleted(isMeant: (node: FlowNode) => boolean): Act['edit'] {
  return (nodes) => nodes.filter((node) => !isMeant(node));
}

function otherStorage(nodes: readonly FlowNode[], { storage }: Scene): readonly FlowNode[] {
  return changed('connection', { storage: storage === 'disk' ? 'memory' : 'disk' })(
    nodes,
    undefined as never,
  );
}

function otherFolder(nodes: readonly FlowNode[], { folder }: Scene): readonly FlowNode[] {
  return changed('connection', { storageDirectory: path.join(folder, 'moved') })(nodes, undefined as never);
}

/** By one of another id with the same settings. */
function replaced(nodes: readonly FlowNode[]): readonly FlowNode[] {
  return nodes.map((node) => {
    if (node.id === 'connection') return { ...node, id: 'replacement', credentials: LOGIN };
    return node.connection === 'connection' ? { ...node, connection: 'replacement' } : node;
  });
}
