/**
 * Loaded after `../inside.mjs` for the matrix: gives the flow its msgs, tells what becomes of each, and makes the store
 * slow, full or read-only where it is told to.
 *
 * The store is one folder. What is broken is what the journal calls of the machine, `lib/storage/journal/file-system`
 * of the built package: root may write where nobody may. Locks are on a clock of their own, so that one of a machine
 * that is gone is taken over in less than a second.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { hooks } = createRequire(require.resolve('node-red'))('@node-red/util');
const JOURNAL = '../../../dist/lib/storage/journal';
const { systemFiles } = require(`${JOURNAL}/file-system.js`);
const lock = require(`${JOURNAL}/lock.js`);

/** How much faster the clock of the locks runs. */
const LOCK_CLOCK = 20;
/** The last of a number: what the simulated gateway does with the SMS. */
const ACCEPTED = '4512345678';
const REFUSED = '4512345660';
const REFUSED_EVERY = 9;

/** `next`: number of the next SMS · `left`: msgs that are still to come · `sizes`: SMS of each, round and round. */
let feed = JSON.parse(process.env.SMPP_TEST_FEED ?? '{"next":1,"left":0,"sizes":[1]}');
let store = JSON.parse(process.env.SMPP_TEST_STORE ?? '{"folder":"","delayMs":0}');

process.on('message', (message) => {
  if (message.feed !== undefined) feed = { ...feed, ...message.feed };
  if (message.store !== undefined) store = message.store;
});

/** The next msg for the flow; none when that were all. */
globalThis.testContext.give = () => {
  if (feed.left === 0) return null;
  feed.left -= 1;
  const count = feed.sizes[0];
  feed.sizes = [...feed.sizes.slice(1), count];
  const numbers = { first: feed.next, count };
  feed.next += count;
  const list = Array.from({ length: count }, (_, index) => sms(numbers.first + index));
  return { numbers, payload: count === 1 ? list[0] : list };
};

function sms(number) {
  const to = number % REFUSED_EVERY === 0 ? REFUSED : ACCEPTED;
  return { to, text: String(number), correlation: number };
}

/** The node that is wired to the Catch node. */
const AFTER_CATCH = 'after-catch';
/** A disk that took the octets, and then neither kept nor gave them back. */
const IN_DOUBT = /it may be there after the next start/;

// Given to a node that has closed, a msg is gone before the package could see it.
hooks.add('onReceive', ({ destination: { node }, msg }) => {
  if (node._inputCallback === null) return;
  if (isGiven(node, msg)) tell('handed', { ...msg.numbers, id: msg._msgid });
  if (node.id === AFTER_CATCH) tell('caught', msg.numbers);
});
hooks.add('onComplete', ({ node: { node }, msg, error }) => {
  if (!isGiven(node, msg) || error === undefined) return;
  tell('failed', { ...msg.numbers, isInDoubt: IN_DOUBT.test(error.message) });
});

function isGiven({ type }, { numbers }) {
  return type === 'smpp-send' && numbers !== undefined;
}

function tell(event, payload) {
  globalThis.tellTest({ event, payload });
}

/** What changes the disk, and cannot when that is read-only. */
const CHANGES = ['makeDirectory', 'rename', 'remove', 'touch'];
const machine = { ...systemFiles };

for (const operation of [
  'makeDirectory',
  'list',
  'rename',
  'remove',
  'modifiedAt',
  'touch',
  'syncDirectory',
]) {
  systemFiles[operation] = async (path, ...rest) => {
    await reach(path);
    if (CHANGES.includes(operation)) refuse(path, 'EROFS');
    if (operation === 'makeDirectory') refuse(path, 'ENOSPC');
    return machine[operation](path, ...rest);
  };
}
systemFiles.open = async (path, mode) => {
  await reach(path);
  refuse(path, 'EROFS');
  const file = await machine.open(path, mode);
  const through = async (change, ...given) => {
    await reach(path);
    refuse(path, 'EROFS');
    if (change === 'write') refuse(path, 'ENOSPC');
    return file[change](...given);
  };
  return {
    ...file,
    write: (...given) => through('write', ...given),
    datasync: () => through('datasync'),
    truncate: (length) => through('truncate', length),
  };
};

function isOfStore(path) {
  return store.folder !== '' && path.startsWith(store.folder);
}

/** The slow disk itself: no test waits for it. */
function reach(path) {
  if (!isOfStore(path) || store.delayMs === 0) return undefined;
  return new Promise((resolve) => setTimeout(resolve, store.delayMs));
}

function refuse(path, code) {
  if (isOfStore(path) && store.failure === code) throw Object.assign(new Error(code), { code });
}

const { acquireLock } = lock;
lock.acquireLock = (options) => acquireLock({ ...options, clock: faster(options.clock) });

function faster(clock) {
  const wall = clock.wall();
  return {
    now: () => clock.now() * LOCK_CLOCK,
    wall: () => wall + (clock.wall() - wall) * LOCK_CLOCK,
    after: (delayMs, run) => clock.after(delayMs / LOCK_CLOCK, run),
  };
}
