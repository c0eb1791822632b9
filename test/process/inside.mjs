/**
 * Loaded before Node-RED in the process under test: tells the test when the flows run and what the smpp-send node
 * is given, answers what is handed to the flow, and breaks things where it is told to. The package itself has no hooks; what it calls of Node is wrapped here.
 *
 * A point is a place in the life of an SMS, named by what happens there:
 *
 *   journal-write · journal-sync    an SMS, a marker or a result is made safe
 *   submit · answer                 octets to and from the gateway
 *
 * The process is killed (SIGKILL, no clean-up) right before or right after the nth time that is passed.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import tls from 'node:tls';

/** `stdio` of the process that forked this one. */
const REPORTS_FD = 4;
const PACKAGE_NODES = /^(inmobile|smpp)-/;
const ERROR_LEVEL = 20;

const require = createRequire(import.meta.url);
const { events, hooks } = createRequire(require.resolve('node-red'))('@node-red/util');

/** Synchronous: what was told before an exit is not lost. */
globalThis.tellTest = (message) => fs.writeSync(REPORTS_FD, `${JSON.stringify(message)}\n`);
/** For the flow's function nodes, beside `report`; a preload may add to it. */
globalThis.testContext = {};
/** What the package's nodes warn of; Node-RED's levels. */
globalThis.logToTest = ({ level, type, msg }) => {
  if (!PACKAGE_NODES.test(type)) return;
  const line = String(msg?.message ?? msg);
  tell('log', { level: level > ERROR_LEVEL ? 'warn' : 'error', type, line });
};

let fatal;
let isDiskFull = false;

process.on('message', ({ kill, diskFull }) => {
  if (kill !== undefined) fatal = { ...kill };
  if (diskFull !== undefined) isDiskFull = diskFull;
});
events.on('flows:started', () => globalThis.tellTest({ flowsStarted: true }));

// Answered as it goes out into the flow: a deploy drops what is between two nodes, and no node could answer it then.
hooks.add('onSend', ([{ source, msg }]) => {
  if (source.node.type === 'http in') msg.res._res.sendStatus(200);
});
// What the smpp-send node was given, and what it is done with. A node that has closed has no handler: given to that
// one, a msg is gone before the package could see it.
hooks.add('onReceive', ({ destination: { node }, msg }) => {
  if (isSms(node, msg) && node._inputCallback !== null) tell('given', msg.payload.correlation);
});
hooks.add('onComplete', ({ node: { node }, msg, error }) => {
  if (isSms(node, msg)) tell('done', { number: msg.payload.correlation, isRefused: error !== undefined });
});

function isSms({ type }, { action, numbers }) {
  return type === 'smpp-send' && action === undefined && numbers === undefined;
}

function tell(event, payload) {
  globalThis.tellTest({ event, payload });
}

/** File descriptors of the journal. */
const journals = new Set();

const { open } = fs.promises;
fs.promises.open = async (file, ...rest) => {
  const isJournal = path.basename(String(file)).startsWith('journal-');
  if (isJournal && isDiskFull && rest[0] === 'wx+') throw full();
  const handle = await open(file, ...rest);
  if (isJournal) watch(handle);
  return handle;
};
fs.write = passingLater('journal-write', fs.write, () => (isDiskFull ? full() : undefined));
fs.fdatasync = passingLater('journal-sync', fs.fdatasync, () => undefined);

const connect = tls.connect.bind(tls);
tls.connect = (...given) => {
  const socket = connect(...given);
  const write = socket.write.bind(socket);
  socket.write = (...octets) => passing('submit', () => write(...octets));
  const push = socket.push.bind(socket);
  socket.push = (...octets) => passing('answer', () => push(...octets));
  return socket;
};

/** Another file may have its descriptor once it is closed. */
function watch(handle) {
  const { fd } = handle;
  journals.add(fd);
  const close = handle.close.bind(handle);
  handle.close = () => {
    journals.delete(fd);
    return close();
  };
}

function passing(point, run) {
  before(point);
  const result = run();
  after(point);
  return result;
}

/** A function of `fs` that takes a descriptor and a callback, with the point passed by calls for the journal. */
function passingLater(point, run, failure) {
  return (fd, ...rest) => {
    if (!journals.has(fd)) return run(fd, ...rest);
    const callback = rest.pop();
    before(point);
    const error = failure();
    if (error !== undefined) return process.nextTick(callback, error);
    return run(fd, ...rest, (...results) => {
      after(point);
      callback(...results);
    });
  };
}

function before(point) {
  if (fatal?.point !== point) return;
  fatal.times -= 1;
  if (fatal.times === 0 && fatal.when === 'before') die();
}

function after(point) {
  if (fatal?.point === point && fatal.times <= 0) die();
}

function die() {
  process.kill(process.pid, 'SIGKILL');
}

function full() {
  return Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
}

// Nothing is left behind by a test that is cut short.
void once(process, 'disconnect').then(() => process.exit());
