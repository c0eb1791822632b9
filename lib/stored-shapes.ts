/**
 * What a record of each table looks like at least, so that one of another shape is damage to its reader, and nothing worse.
 *
 * Loose: a field that is here is one without which its owner throws. What it means stands with its owner. No I/O.
 */
import * as v from 'valibot';
import type { Table } from './storage/storage.js';

type Shape = v.GenericSchema;

const TEXT = v.string();
const NUMBER = v.number();
const IDS = v.array(TEXT);
const ANY = v.unknown();
const UNUSUAL = v.optional(v.record(TEXT, ANY));

const SMS = v.union([
  v.strictTuple([TEXT, TEXT, TEXT, NUMBER, NUMBER, NUMBER]),
  v.strictTuple([TEXT, TEXT, TEXT, NUMBER, NUMBER, NUMBER, UNUSUAL]),
]);

const RESULT_FIELDS = [TEXT, IDS, TEXT, TEXT, NUMBER, NUMBER, NUMBER, v.nullable(TEXT)] as const;
const RESULT = v.union([v.strictTuple(RESULT_FIELDS), v.strictTuple([...RESULT_FIELDS, UNUSUAL])]);

const REPORTED = v.optional(
  v.looseObject({
    copies: v.optional(v.array(IDS)),
    halves: v.optional(v.array(ANY)),
    reports: v.optional(v.array(ANY)),
  }),
);
const TRACKED_FIELDS = [IDS, TEXT, TEXT, NUMBER] as const;
const STATE = v.nullable(TEXT);
const TRACKED = v.union([
  v.strictTuple(TRACKED_FIELDS),
  v.strictTuple([...TRACKED_FIELDS, STATE]),
  v.strictTuple([...TRACKED_FIELDS, STATE, REPORTED]),
]);

const ROUND = v.looseObject({ ids: v.pipe(IDS, v.minLength(1)) });
const REFERENCES = v.looseObject({ until: NUMBER });
const PROGRESS = v.looseObject({ half: v.optional(IDS), copies: v.optional(v.array(IDS)) });

const DEDUPE = v.looseObject({
  id: TEXT,
  until: NUMBER,
  dedupeMs: NUMBER,
  result: v.optional(v.looseObject({ id: TEXT, outcome: TEXT, messageIds: IDS })),
});

const PART = v.looseObject({
  number: NUMBER,
  place: v.looseObject({ reference: NUMBER, total: NUMBER, sequence: NUMBER }),
  delivery: v.looseObject({ from: TEXT, to: TEXT, dataCoding: NUMBER }),
  body: TEXT,
  receivedAt: NUMBER,
});

const UNKNOWN_OUTCOME = v.looseTuple([TEXT, TEXT, NUMBER, NUMBER, NUMBER, IDS]);
const INCOMING = v.looseObject({
  key: TEXT,
  sms: v.looseObject({ from: TEXT, to: TEXT, text: TEXT, receivedAt: NUMBER }),
});

/** Whether a record may be given to the owner of its table. */
export function isRecord(table: Table, key: string, value: unknown): boolean {
  return v.is(shapeOf(table, key), value);
}

/** Of the tables whose records are all alike; what is in no list its owner checks. */
const SHAPES: Partial<Record<Table, Shape>> = {
  outbox: SMS,
  result: RESULT,
  tracked: TRACKED,
  dedupe: DEDUPE,
  part: PART,
};

function shapeOf(table: Table, key: string): Shape {
  if (table === 'progress') return progressShape(key);
  if (table === 'event' && key.startsWith('sms-')) return INCOMING;
  if (table === 'unknown' && key.startsWith('sms ')) return UNKNOWN_OUTCOME;
  return SHAPES[table] ?? ANY;
}

function progressShape(key: string): Shape {
  if (key === 'references used') return REFERENCES;
  return key.includes(' ') ? ROUND : PROGRESS;
}
