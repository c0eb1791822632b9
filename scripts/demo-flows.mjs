/**
 * The flows of the demo: the packaged examples, and the one of `--once`, on a connection to the simulated gateway.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './prepare.mjs';

const CONNECTION = 'demo-connection';
const TLS = 'demo-tls';

/** Somebody's phone, whose last two digits have no scenario of their own, and the sender we own. */
export const DEMO_NUMBERS = { from: '4512345678', to: '4551515151' };

/** The connection's form: DEMO_HOSTS and DEMO_CA come from the environment. */
const CONNECTION_NODES = [
  {
    id: CONNECTION,
    type: 'inmobile-connection',
    name: 'Simulated gateway',
    gateway: 'custom',
    hosts: '${DEMO_HOSTS}',
    connectionMode: 'transceiver',
    links: 'failover',
    window: '10',
    segmentsPerSecond: '',
    onUncertain: 'resend',
    storage: 'disk',
    storageDirectory: '',
    tls: TLS,
    pins: '',
    pinMode: 'warn',
    defaultCountry: 'DK',
  },
  {
    id: TLS,
    type: 'tls-config',
    name: "The simulated gateway's CA",
    cert: '',
    key: '',
    ca: '${DEMO_CA}',
    servername: '',
    verifyservercert: true,
    alpnprotocol: '',
  },
];
const CREDENTIALS = { [CONNECTION]: { systemId: 'demo', password: 'demo' } };

/** Every file of examples/, as tabs of one flow file that share one connection: they are one account. */
export function exampleFlows() {
  const folder = path.join(ROOT, 'examples');
  const nodes = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')))
    .filter(({ type }) => type !== 'inmobile-connection' && type !== 'global-config')
    .map((node) => ('connection' in node ? { ...node, connection: CONNECTION } : node));
  return { nodes: [...nodes, ...CONNECTION_NODES], credentials: CREDENTIALS };
}

/** One SMS; what becomes of it, and what comes in, is reported to the process that started Node-RED. */
export function onceFlow() {
  const z = 'once';
  const connection = CONNECTION;
  const nodes = [
    { id: z, type: 'tab', label: 'Once' },
    inject(z, { to: DEMO_NUMBERS.from, payload: 'Hello from Node-RED' }, 'send'),
    { ...sendForm(z), id: 'send', connection, from: DEMO_NUMBERS.to, wires: [['submitted'], ['submitted']] },
    { ...dlrForm(z), id: 'dlr', connection, wires: [['receipt'], ['receipt']] },
    { id: 'receive', type: 'smpp-receive', z, connection, to: '', incomplete: 'emit', wires: [['incoming']] },
    { id: 'catch', type: 'catch', z, scope: null, uncaught: false, wires: [['error']] },
    report(z, 'submitted', 'msg.payload'),
    report(z, 'receipt', 'msg.payload'),
    report(z, 'incoming', 'msg.payload'),
    report(z, 'error', '{ code: msg.error.code, message: msg.error.message }'),
  ];
  return { nodes: [...nodes, ...CONNECTION_NODES], credentials: CREDENTIALS };
}

function inject(z, properties, target) {
  const props = Object.entries(properties).map(([p, v]) => ({ p, v, vt: 'str' }));
  return {
    id: 'inject',
    type: 'inject',
    z,
    props,
    repeat: '',
    crontab: '',
    once: true,
    onceDelay: 0.1,
    wires: [[target]],
  };
}

/** smpp-send's form as its defaults leave it. */
function sendForm(z) {
  return {
    type: 'smpp-send',
    z,
    to: 'to',
    toType: 'msg',
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
  };
}

function dlrForm(z) {
  return { type: 'smpp-dlr', z, states: 'final', per: 'message', from: '', noReceiptAfter: '10' };
}

function report(z, event, expression) {
  const func = `global.get('report')('${event}', ${expression});`;
  return { id: event, type: 'function', z, func, outputs: 0, noerr: 0, libs: [], wires: [] };
}
