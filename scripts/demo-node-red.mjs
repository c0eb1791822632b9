/**
 * A real Node-RED in a process of its own, with the pack installed from this checkout.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './prepare.mjs';

const PACKAGE_NAME = '@node-red-smpp/inmobile';

/** Node-RED gives its nodes 15 s to close; after this it is ended. */
const STOP_MS = 20_000;

/**
 * Starts Node-RED with these flows; without a `port` it has no editor, with 0 it takes any that is free.
 *
 * @param userDir its folder, made when missing; `keepFlows` leaves flows that are already there
 * @param flows `{ nodes, credentials }`, credentials by node id
 * @param environment variables for the flows
 * @returns `stop()`, `exited` (a promise of the exit code), and `onMessage(listener)` for `{ port }` once the editor
 *   is there and `{ event, payload }` for what flows report
 */
export function startNodeRed({ userDir, port, flows, keepFlows, environment }) {
  mkdirSync(userDir, { recursive: true });
  linkPackage(userDir);
  writeFileSync(path.join(userDir, 'settings.js'), settings(port));
  if (!keepFlows || !existsSync(path.join(userDir, 'flows.json'))) {
    writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(flows.nodes, undefined, 2));
    writeFileSync(path.join(userDir, 'flows_cred.json'), JSON.stringify(flows.credentials));
  }
  const child = fork(path.join(ROOT, 'node_modules', 'node-red', 'red.js'), ['--userDir', userDir], {
    cwd: userDir,
    env: { ...process.env, ...environment },
    // What it says goes to stderr: stdout is for the events.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  return {
    exited: new Promise((resolve) => child.once('exit', resolve)),
    onMessage: (listener) => child.on('message', listener),
    stop: () => stop(child),
  };
}

/** Where Node-RED looks for installed packages; a link, so that a rebuild shows after a restart. */
function linkPackage(userDir) {
  const link = path.join(userDir, 'node_modules', PACKAGE_NAME);
  mkdirSync(path.dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(ROOT, link, 'junction');
  const manifest = { name: 'demo', private: true, dependencies: { [PACKAGE_NAME]: '*' } };
  writeFileSync(path.join(userDir, 'package.json'), JSON.stringify(manifest));
}

function settings(port) {
  const editor = port === undefined ? 'httpAdminRoot: false, httpNodeRoot: false' : `uiPort: ${port}`;
  return `// Written at each start of the demo.
process.on('disconnect', () => process.exit(0)); // nothing is left behind when the demo is killed
let serverPort;
module.exports = {
  // Node-RED sets it once its flows are started and it listens.
  get serverPort() { return serverPort; },
  set serverPort(port) { serverPort = port; process.send({ port }); },
  uiHost: '127.0.0.1',
  ${editor},
  flowFile: 'flows.json',
  credentialSecret: false, // the simulated gateway's login is no secret
  logging: { console: { level: 'warn', metrics: false, audit: false } },
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false, projects: { enabled: false } },
  functionGlobalContext: { report: (event, payload) => process.send({ event, payload }) },
};
`;
}

function stop(child) {
  if (child.exitCode !== null || !child.connected) return;
  child.send('shutdown');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.once('exit', () => clearTimeout(timer));
}
