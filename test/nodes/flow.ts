/** The flow that most tests of the nodes start from: one tab, one connection, one node of each kind. */
import type { Simulator } from '../../lib/simulator/simulator.js';
import type { FlowNode } from '../support/node-red-flows.js';

/** A node without a place on its tab is a configuration node to the runtime. */
export const ON_TAB = { z: 'tab', x: 100, y: 100 };

export const TAB = { id: 'tab', type: 'tab', label: 'tab' };

/** A connection to the simulator in process, unless told otherwise. */
export function connection(properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: 'connection',
    type: 'inmobile-connection',
    name: '',
    gateway: 'simulator',
    storage: 'memory',
    defaultCountry: 'DK',
    ...properties,
  };
}

/** A connection over TLS to a simulator of the test's own, and the credentials that it needs. */
export function connectionTo(
  { hosts, ca }: Pick<Simulator, 'hosts' | 'ca'>,
  properties: Readonly<Record<string, unknown>> = {},
): { nodes: FlowNode[]; credentials: object } {
  const list = hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  const tls = { id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', verifyservercert: true };
  return {
    nodes: [tls, connection({ gateway: 'custom', hosts: list, tls: 'tls', ...properties })],
    credentials: { connection: { systemId: 'demo', password: 'secret' }, tls: { cadata: ca } },
  };
}

export function send(properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: 'send',
    ...ON_TAB,
    type: 'smpp-send',
    name: '',
    connection: 'connection',
    to: 'to',
    toType: 'msg',
    from: 'Demo',
    fromType: 'str',
    text: 'payload',
    textType: 'msg',
    wires: [['accepted'], ['other']],
    ...properties,
  };
}

export function dlr(properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: 'dlr',
    ...ON_TAB,
    type: 'smpp-dlr',
    name: '',
    connection: 'connection',
    wires: [['receipt'], ['overdue']],
    ...properties,
  };
}

export function receiver(properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: 'receiver',
    ...ON_TAB,
    type: 'smpp-receive',
    name: '',
    connection: 'connection',
    wires: [['incoming']],
    ...properties,
  };
}

export function sink(id: string): FlowNode {
  return { id, ...ON_TAB, type: 'helper', wires: [] };
}

/** Catches every error of the tab, in `caught`. */
export const CATCH: readonly FlowNode[] = [
  { id: 'catch', ...ON_TAB, type: 'catch', scope: null, uncaught: false, wires: [['caught']] },
  sink('caught'),
];

export const ENDS: readonly FlowNode[] = ['accepted', 'other', 'receipt', 'overdue', 'incoming'].map(sink);
