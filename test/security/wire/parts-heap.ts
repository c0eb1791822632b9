/** Measures what parts of messages that never become whole take of the heap, and whether they all come out. */
import { readPart } from '../../../lib/inbox/message-part.js';
import { Reassembler } from '../../../lib/inbox/reassembler.js';
import { partDelivery } from '../../lib/inbox/builders.js';
import { heapInUse } from '../heap-in-use.js';

const WAIT = 300;

export interface PartsTask {
  readonly order: 'message by message' | 'a part of each in turn';
  readonly references: number;
  /** Of each message; all but the last come. */
  readonly parts: number;
}

export interface PartsMeasured {
  /** Octets. */
  readonly growth: number;
  readonly total: number;
  readonly out: number;
}

process.once('message', (task: PartsTask) => process.send?.(measure(task)));

function measure({ order, references, parts }: PartsTask): PartsMeasured {
  const body = new Uint8Array(134);
  const reassembler = new Reassembler(WAIT);
  const before = heapInUse();
  const total = (parts - 1) * references;
  let out = 0;
  for (let index = 0; index < total; index += 1) {
    const place =
      order === 'message by message'
        ? { reference: Math.floor(index / (parts - 1)), sequence: (index % (parts - 1)) + 1 }
        : { reference: index % references, sequence: Math.floor(index / references) + 1 };
    const { part, place: read } = readPart(partDelivery(body, { ...place, total: parts, width: 16 }), 0);
    for (const message of reassembler.add(part, read!, 0).messages) out += message.parts.length;
  }
  const growth = heapInUse() - before;
  for (const { messages } of reassembler.expire(WAIT)) for (const { parts } of messages) out += parts.length;
  return { growth, total, out };
}
