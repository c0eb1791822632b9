/**
 * What the client still holds of SMS that are over, counted by kind: nothing, once all is settled, but what is tracked.
 *
 * Its objects are watched from where they are made; a full collection tells which of them somebody still reaches. No
 * word of the client's own is taken for it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Listeners } from '../../lib/listeners.js';
import { Queue } from '../../lib/outbox/queue.js';
import { Submission } from '../../lib/outbox/submission.js';
import { Mailbox } from '../../lib/storage/mailbox.js';
import { after, before } from './replace.js';

export type Kind = 'SMS in the queue' | 'content of an SMS' | 'submission' | 'event';

/** Of the run of the client that is up. */
let watched: Record<Kind, Set<WeakRef<object>>> | undefined;
const known = new WeakSet();
let isWatching = false;

/** From now on the objects of a new run of the client are watched. */
export function watchObjects(): void {
  watched = {
    'SMS in the queue': new Set(),
    'content of an SMS': new Set(),
    submission: new Set(),
    event: new Set(),
  };
  if (isWatching) return;
  isWatching = true;
  after(Queue.prototype, 'add', (_queue, [body], item) => {
    watch('SMS in the queue', item);
    watch('content of an SMS', body.entry);
  });
  // Of those that come from storage, as they are handed over.
  before(Mailbox.prototype, 'deliver', (_mailbox, [, event]) => watchAny('event', event));
  before(Listeners.prototype, 'give', (_listeners, [, event]) => watchAny('event', event));
  before(Submission.prototype, 'next', (submission) => watch('submission', submission));
}

/** No longer: a run costs nothing then. */
export function unwatchObjects(): void {
  watched = undefined;
}

/** How many of each kind are left. */
export async function leftovers(): Promise<ReadonlyMap<Kind, number>> {
  // What was looked at in this turn of the event loop is held until its end.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return new Map(
    Object.entries(watched ?? {}).map(([kind, all]) => [
      kind as Kind,
      [...all].filter((each) => each.deref() !== undefined).length,
    ]),
  );
}

function watch(kind: Kind, object: object): void {
  if (watched === undefined || known.has(object)) return;
  known.add(object);
  watched[kind].add(new WeakRef(object));
}

function watchAny(kind: Kind, value: unknown): void {
  if (typeof value === 'object' && value !== null) watch(kind, value);
}

let collectGarbage: (() => void) | undefined;

function collect(): void {
  if (collectGarbage === undefined) {
    setFlagsFromString('--expose-gc');
    collectGarbage = runInNewContext('gc') as () => void;
  }
  collectGarbage();
}
