/**
 * `npm start`: the demo. The simulated gateway (two hosts, TLS, loopback only) and a real Node-RED with the pack
 * and its example flows, in a folder of its own under the checkout.
 *
 * `npm start -- --once`: without an editor. One SMS goes through a flow to the simulated gateway; the submit
 * result, the receipt and one incoming SMS are printed to stdout as one JSON object a line.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { claimDemo } from './demo-claim.mjs';
import { exampleFlows, onceFlow } from './demo-flows.mjs';
import { startNodeRed } from './demo-node-red.mjs';
import { ROOT, prepare } from './prepare.mjs';

const DEMO = path.join(ROOT, '.demo');

/** Tried first; when another program has one, any free port does. */
const EDITOR_PORT = 1880;
const GATEWAY_PORTS = [2775, 2776];

/** All three lines of `--once` are printed within this. */
const ONCE_MS = 60_000;

/** What somebody answers to the SMS of `--once`. */
const INCOMING = { from: '4512345678', to: '4551515151', text: 'Thank you' };

const values = readArguments();
mkdirSync(DEMO, { recursive: true });
await (values.once ? runOnce() : runDemo());

/** Ends the process with a line when they are wrong, before anything is installed or built. */
function readArguments() {
  try {
    return parseArgs({ options: { once: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    console.error(`${error.message}\nnpm start has one option: npm start -- --once`);
    process.exit(1);
  }
}

async function runDemo() {
  const claim = await claimDemo(DEMO);
  if (!claim.isOurs) {
    console.log(runsAlready(claim.address));
    return;
  }
  const startSimulator = await prepareSimulator();
  const caFile = path.join(DEMO, 'simulated-gateway-ca.pem');
  const ports = await Promise.all(GATEWAY_PORTS.map((port) => isFree(port)));
  const simulator = await startSimulator({ caFile, ...(ports.every(Boolean) && { ports: GATEWAY_PORTS }) });
  const nodeRed = startNodeRed({
    userDir: DEMO,
    port: (await isFree(EDITOR_PORT)) ? EDITOR_PORT : 0,
    flows: exampleFlows(),
    keepFlows: true,
    environment: environmentOf(simulator, caFile),
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => nodeRed.stop());
  nodeRed.exited.then(async (code) => {
    await simulator.stop();
    process.exit(code ?? 1);
  });
  nodeRed.onMessage(({ port }) => {
    const editor = `http://127.0.0.1:${port}`;
    claim.announce(editor);
    console.log(welcome(editor, simulator));
  });
}

async function prepareSimulator() {
  await prepare();
  return createRequire(import.meta.url)('../dist/lib/simulator/simulator.js').startSimulator;
}

/** @param editor empty while it is being started */
function runsAlready(editor) {
  const where =
    editor === '' ? 'is being started, and will say where its editor is' : `runs already: ${editor}`;
  return `The demo of this checkout ${where}. Ctrl-C where it was started ends it.`;
}

function welcome(editor, simulator) {
  return `
The editor:            ${editor}
The simulated gateway: ${describeHosts(simulator)}, TLS, sends nothing to anyone.
What becomes of an SMS is in the last two digits of its number: npm run simulator -- --help
Your changes are kept in .demo/; delete it to start over. Ctrl-C ends all of it.`;
}

async function runOnce() {
  const startSimulator = await prepareSimulator();
  const userDir = mkdtempSync(path.join(DEMO, 'once-'));
  const caFile = path.join(userDir, 'ca.pem');
  const simulator = await startSimulator({ caFile });
  const nodeRed = startNodeRed({
    userDir,
    flows: onceFlow(),
    keepFlows: false,
    environment: environmentOf(simulator, caFile),
  });
  try {
    await printEvents(simulator, nodeRed);
  } catch (error) {
    console.error(`npm start -- --once: ${error.message}`);
    process.exitCode = 1;
  } finally {
    nodeRed.stop();
    await nodeRed.exited;
    await simulator.stop();
    rmSync(userDir, { recursive: true, force: true });
  }
}

/** Prints what the flow reports; after the receipt somebody sends an SMS to us. */
function printEvents(simulator, nodeRed) {
  return new Promise((resolve, reject) => {
    const seen = new Set();
    const timer = setTimeout(() => {
      reject(new Error(`within ${ONCE_MS / 1000} s only came: ${[...seen].join(', ') || 'nothing'}`));
    }, ONCE_MS);
    const end = (settle, value) => {
      clearTimeout(timer);
      settle(value);
    };
    nodeRed.exited.then((code) => end(reject, new Error(`Node-RED ended with code ${code}`)));
    nodeRed.onMessage(({ event, payload }) => {
      if (event === 'error') return end(reject, new Error(`the flow caught: ${JSON.stringify(payload)}`));
      seen.add(event);
      console.log(JSON.stringify({ event, payload }));
      if (event === 'receipt') simulator.incoming(INCOMING).catch((error) => end(reject, error));
      if (event === 'incoming') end(resolve);
    });
  });
}

/** What the flows name as `${…}`, since ports differ from run to run. */
function environmentOf(simulator, caFile) {
  return { DEMO_HOSTS: describeHosts(simulator), DEMO_CA: caFile };
}

function describeHosts(simulator) {
  return simulator.hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
