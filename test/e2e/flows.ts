/** The flows that the tests start from. */
import type { Simulator } from '../../lib/simulator/simulator.js';

export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

export const TAB: FlowNode = { id: 'tab', type: 'tab', label: 'SMS', disabled: false, info: '', env: [] };

/** The connection node, with what its form would have saved. */
export function connection(changes: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: 'connection',
    type: 'inmobile-connection',
    name: 'inMobile',
    gateway: 'simulator',
    hosts: '',
    connectionMode: 'transceiver',
    links: 'failover',
    window: '10',
    segmentsPerSecond: '',
    shortSender: '3/0',
    onUncertain: 'resend',
    storage: 'memory',
    storageDirectory: '',
    tls: '',
    pins: '',
    pinMode: 'warn',
    defaultCountry: 'DK',
    ...changes,
  };
}

/** The same, to a gateway on 127.0.0.1, whose CA `tls` names. */
export function connectionTo(gateway: Simulator, changes: Readonly<Record<string, unknown>> = {}): FlowNode {
  return connection({
    gateway: 'custom',
    hosts: hostsOf(gateway),
    tls: 'tls',
    credentials: { systemId: 'demo', password: 'demo' },
    ...changes,
  });
}

export function hostsOf(gateway: Simulator): string {
  return gateway.hosts.map(({ host, port }) => `${host}:${port}`).join('\n');
}

/** Node-RED's own TLS configuration with a CA. @param ca in PEM */
export function tlsConfig(ca: string): FlowNode {
  return {
    id: 'tls',
    type: 'tls-config',
    name: "the gateway's CA",
    cert: '',
    key: '',
    ca: '',
    certname: '',
    keyname: '',
    caname: 'ca.pem',
    servername: '',
    verifyservercert: true,
    alpnprotocol: '',
    credentials: { cadata: ca },
  };
}

export function send(changes: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: 'send',
    type: 'smpp-send',
    z: 'tab',
    name: '',
    connection: 'connection',
    to: 'to',
    toType: 'msg',
    from: 'Pump 3',
    fromType: 'str',
    text: 'payload',
    textType: 'msg',
    flash: false,
    encoding: 'auto',
    substitute: true,
    maxSegments: '10',
    longMessage: 'udh8',
    receipt: 'always',
    priority: 'normal',
    expiresAfter: '1440',
    onUncertain: '',
    x: 380,
    y: 120,
    wires: [['shown'], ['shown']],
    ...changes,
  };
}

export function dlr(changes: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: 'dlr',
    type: 'smpp-dlr',
    z: 'tab',
    name: '',
    connection: 'connection',
    states: 'final',
    per: 'message',
    from: [],
    noReceiptAfter: '10',
    x: 380,
    y: 240,
    wires: [[], []],
    ...changes,
  };
}

/** @param to the number that the SMS goes to */
export function inject(to: string): FlowNode {
  return {
    id: 'inject',
    type: 'inject',
    z: 'tab',
    name: 'level',
    props: [{ p: 'payload' }, { p: 'to', v: to, vt: 'str' }],
    repeat: '',
    crontab: '',
    once: false,
    onceDelay: 0.1,
    topic: '',
    payload: 'Level is low',
    payloadType: 'str',
    x: 160,
    y: 120,
    wires: [['send']],
  };
}

/** A debug node. @param complete what it shows of a msg */
export function shown(complete: string, changes: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id: 'shown',
    type: 'debug',
    z: 'tab',
    name: 'shown',
    active: true,
    tosidebar: true,
    console: false,
    tostatus: false,
    complete,
    targetType: complete === 'true' ? 'full' : 'msg',
    statusVal: '',
    statusType: 'auto',
    x: 600,
    y: 120,
    wires: [],
    ...changes,
  };
}
