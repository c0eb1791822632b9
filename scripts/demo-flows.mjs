/**
 * The flows of the demo: the packaged examples, and the one of `--once`, on a connection to the simulated gateway.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './prepare.mjs';

const CONNECTION = 'demo-connection';
const TLS = 'demo-tls';

/** The connection's form; ports differ from run to run, so DEMO_HOSTS and DEMO_CA come from the environment. */
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

/** Every file of examples/, each with its own tab. */
export function exampleFlows() {
  const folder = path.join(ROOT, 'examples');
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return onDemoConnection(names.sort().flatMap((name) => readFlow(path.join(folder, name))));
}

/** One SMS is sent; what becomes of it, and what comes in, is reported to the process that started Node-RED. */
export function onceFlow() {
  return onDemoConnection(readFlow(path.join(ROOT, 'scripts', 'once-flow.json')));
}

function readFlow(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** All of them share one connection, since they are one account. */
function onDemoConnection(nodes) {
  const flows = nodes
    .filter(({ type }) => type !== 'inmobile-connection' && type !== 'global-config')
    .map((node) => ('connection' in node ? { ...node, connection: CONNECTION } : node));
  return { nodes: [...flows, ...CONNECTION_NODES], credentials: CREDENTIALS };
}
