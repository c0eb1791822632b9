/**
 * The flow that the tests of a real Node-RED run: what is posted to it is sent, and what becomes of it is
 * reported to the test.
 *
 *   http in ─▶ intake ─▶ smpp-send ═▶ report "result"          catch ─▶ report "refused"
 *                                                              status ─▶ report "status"
 *
 * There is no http response node: a deploy may close it before the msg is there, and nobody answers then. See
 * `inside.mjs` for who does. A payload with an `action` asks the smpp-send node for that; the answer is reported as "gateway".
 */
import type { Simulator } from '../../lib/simulator/simulator.js';

export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

export interface Flow {
  readonly nodes: readonly FlowNode[];
  /** By node id. */
  readonly credentials: object;
}

export interface FlowChanges {
  readonly connection?: Readonly<Record<string, unknown>>;
  readonly send?: Readonly<Record<string, unknown>>;
  readonly tab?: Readonly<Record<string, unknown>>;
  /** Added to the tab. */
  readonly others?: readonly FlowNode[];
}

/** A node without a place on its tab is a configuration node to Node-RED. */
export const ON_TAB = { z: 'tab', x: 100, y: 100 };

export function flowTo(simulator: Simulator, changes: FlowChanges = {}): Flow {
  const hosts = simulator.hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  return {
    nodes: [
      { id: 'tab', type: 'tab', label: 'tab', ...changes.tab },
      { id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', verifyservercert: true },
      connection({ hosts, ...changes.connection }),
      { id: 'in', ...ON_TAB, type: 'http in', url: '/sms', method: 'post', wires: [['intake']] },
      intake(),
      send(changes.send),
      reporter('result', 'msg.payload', "msg.action ? 'gateway' : 'result'"),
      { id: 'catch', ...ON_TAB, type: 'catch', scope: null, uncaught: false, wires: [['refused']] },
      reporter('refused', '{ code: msg.error.code, message: msg.error.message }'),
      { id: 'watch', ...ON_TAB, type: 'status', scope: ['send'], wires: [['status']] },
      reporter('status', 'msg.status'),
      ...(changes.others ?? []),
    ],
    credentials: {
      connection: { systemId: 'demo', password: 'secret' },
      tls: { cadata: simulator.ca },
    },
  };
}

function connection(properties: Readonly<Record<string, unknown>>): FlowNode {
  return {
    id: 'connection',
    type: 'inmobile-connection',
    name: '',
    gateway: 'custom',
    tls: 'tls',
    storage: 'disk',
    defaultCountry: 'DK',
    ...properties,
  };
}

function send(properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: 'send',
    ...ON_TAB,
    type: 'smpp-send',
    name: '',
    connection: 'connection',
    from: 'Demo',
    fromType: 'str',
    wires: [['result'], ['result']],
    ...properties,
  };
}

function intake(): FlowNode {
  const func = 'msg.action = msg.payload.action; return msg;';
  return { id: 'intake', ...ON_TAB, type: 'function', func, outputs: 1, wires: [['send']] };
}

function reporter(id: string, payload: string, event = `'${id}'`): FlowNode {
  const func = `global.get('report')(${event}, ${payload});`;
  return { id, ...ON_TAB, type: 'function', func, outputs: 0, wires: [] };
}
