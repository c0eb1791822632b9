/**
 * Moves what an earlier storage holds into the one that follows it: what waits there outlasts the choice of storage.
 *
 *   plan kept ──open──▶ slice by slice: written here, with how far it is, then erased there ──▶ plan erased
 *                └─ cannot be opened ──▶ plan erased: it stays there, and the log says so
 *
 * A record is gone from the one only when it is safe in the other. Nothing runs on either meanwhile, so a move that a crash
 * cuts short is taken up again by the next start, which finds the plan: no record is lost, and none is there twice. A key
 * that the other has keeps the record that it has there; but events go behind its own, under numbers that are free.
 */
import { asSmppError, damagedAs, isStopped, SmppError } from '../errors.js';
import type { JournalStorage } from './journal-storage.js';
import type { MemoryStorage } from './memory-storage.js';
import { TABLES, type Change, type Storage, type Table } from './storage.js';

/** What can be moved: memory, which ends with the process, or a folder. */
export type Source = MemoryStorage | JournalStorage;

export interface Move {
  /** What was before `to`, oldest first; one that holds nothing any more is taken off the list, for it may be another's then. */
  readonly sources: Source[];
  /** Open. */
  readonly to: Storage;
  /** The storage in a folder from which a move was cut short. */
  readonly storageIn: (directory: string) => JournalStorage;
  /** Whether what an open folder holds may be gone on with here; default: always. */
  readonly isOurs?: (source: Storage) => Promise<boolean>;
  /** Called with a folder that is left as it is, for it is not ours. */
  readonly onForeign?: (directory: string) => void;
  /** A record as others than volatile storage keep it, which may be several. */
  readonly asRecords: (change: Change) => readonly Change[];
  readonly log: (level: 'info' | 'warn' | 'error', line: string) => void;
  /** Aborted when the run ends. */
  readonly signal: AbortSignal;
}

/** So many go in one write: together they stay within the journal's line, but for events. */
const AT_ONCE = 50;
/** Characters of events that go in one write with one more, which may have some megabytes. */
const EVENT_CHARACTERS = 4_000_000;
/** So many before they are erased there. */
const SLICE = 20 * AT_ONCE;

/** Of table `account`, before the folder. */
const PLAN_KEY = 'move from ';

/** What storage has of a move from a folder, until that is over. */
interface Plan {
  /** Records of it are here by now: those that belong to them must follow, before anything is done with them. */
  readonly isBegun?: boolean;
  /** The last event that is here, by its key there: here it has another. */
  readonly lastEvent?: string | undefined;
}

/** Of which nobody knows how far it is, to begin with. */
const BEGUN: Plan = { isBegun: true };

/**
 * Moves all of them; what cannot be opened stays where it is, and the log says so.
 *
 * @throws SMPP_STORAGE when `to` does not take it, or one cannot be read to its end; SMPP_STOPPED when the run ends first.
 *   What is not moved then stays where it is
 */
export async function moveAll(move: Move): Promise<void> {
  const tried = new Set<string>();
  for (const source of [...move.sources]) {
    if ('directory' in source) tried.add(source.directory);
    if (await isMoved(source, move)) move.sources.splice(move.sources.indexOf(source), 1);
  }
  // What was moved may have had plans too.
  for (;;) {
    const directory = (await planned(move.to)).find((each) => !tried.has(each));
    if (directory === undefined) return;
    tried.add(directory);
    await isMoved(move.storageIn(directory), move);
  }
}

async function isMoved(source: Source, move: Move): Promise<boolean> {
  if ('directory' in source) return isFolderMoved(source, move);
  await source.open();
  await moveRecords(source, move);
  await source.close();
  return true;
}

async function isFolderMoved(source: JournalStorage, move: Move): Promise<boolean> {
  const { to } = move;
  const { directory } = source;
  const keep = (plan: Plan | undefined): Promise<void> => to.write([planChange(directory, plan)]);
  const plan = (await to.read('account', keyOf(directory)).catch(damagedAs(BEGUN))) as Plan | undefined;
  const isOwn = 'directory' in to && to.directory === directory;
  if (isOwn || !(await source.isThere())) {
    if (plan !== undefined) await keep(undefined);
    return true;
  }
  if (plan === undefined) await keep({});
  const isOpen = await isOpened(source, plan, move);
  if (isOpen) await moveFolder(source, plan, move);
  await keep(undefined);
  return isOpen;
}

/** What is another account's stays where it is, closed, and the log says so. */
async function isForeign(source: JournalStorage, { isOurs, onForeign, log }: Move): Promise<boolean> {
  if (isOurs === undefined || (await isOurs(source))) return false;
  const [waiting, events] = [source.count('outbox'), source.count('event')];
  await source.close();
  onForeign?.(source.directory);
  if (waiting + events > 0)
    log(
      'warn',
      `${waiting} SMS that wait in ${source.directory}, and ${events} results and messages that nobody has taken, are of ` +
        'another account: they stay there until a connection of that account uses it',
    );
  return true;
}

async function moveFolder(source: JournalStorage, plan: Plan = {}, move: Move): Promise<void> {
  if (plan.isBegun !== true && (await isForeign(source, move))) return;
  const { directory } = source;
  const [waiting, accepted] = [source.count('outbox'), source.count('tracked')];
  try {
    await moveRecords(source, move, { directory, plan });
  } catch (error) {
    await source.close();
    throw error;
  }
  move.log(
    'info',
    `${waiting} SMS that wait and ${accepted} that were accepted are taken over from ${directory}`,
  );
  await source.closeAndErase().catch((error: unknown) => {
    move.log(
      'error',
      `what was in ${directory} is not erased: ${asSmppError(error, 'SMPP_STORAGE').message}`,
    );
  });
}

async function isOpened(source: JournalStorage, plan: Plan = {}, { signal, log }: Move): Promise<boolean> {
  try {
    await source.open(signal);
    return true;
  } catch (error) {
    if (isStopped(error) || plan.isBegun === true) throw error;
    const { message } = asSmppError(error, 'SMPP_STORAGE');
    log('error', `what waits in ${source.directory} stays there until a connection uses it: ${message}`);
    return false;
  }
}

async function planned(to: Storage): Promise<readonly string[]> {
  const keys = [...(await keysIn(to, 'account'))].filter((key) => key.startsWith(PLAN_KEY));
  return keys.map((key) => key.slice(PLAN_KEY.length));
}

async function keysIn(storage: Storage, table: Table): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for await (const key of storage.keys(table)) keys.add(key);
  return keys;
}

function planChange(directory: string, plan: Plan | undefined): Change {
  return { table: 'account', key: keyOf(directory), value: plan };
}

function keyOf(directory: string): string {
  return `${PLAN_KEY}${directory}`;
}

/** Of a move that may be taken up again. */
interface Planned {
  readonly directory: string;
  readonly plan: Plan;
}

/**
 * Both are open.
 *
 * @throws as `moveAll`
 */
export async function moveRecords(
  from: Source,
  move: Pick<Move, 'to' | 'asRecords' | 'signal'>,
  planned?: Planned,
): Promise<void> {
  const tables = TABLES.filter((table) => from.count(table) > 0);
  if (planned !== undefined && planned.plan.isBegun !== true && tables.length > 0)
    await move.to.write([planChange(planned.directory, BEGUN)]);
  for (const table of tables) await moveTable(table, from, move, planned);
}

async function moveTable(
  table: Table,
  from: Source,
  { to, asRecords, signal }: Pick<Move, 'to' | 'asRecords' | 'signal'>,
  planned: Planned | undefined,
): Promise<void> {
  const taken = await keysIn(to, table);
  const newKey = table === 'event' ? keyBehind(taken) : (key: string) => key;
  for await (const { keys, fresh } of slicesOf(from, table, planned?.plan.lastEvent)) {
    if (signal.aborted) throw stoppedMeanwhile();
    const moved = fresh
      .flatMap(asRecords)
      .map((each) => ({ ...each, key: newKey(each.key) }))
      .filter(({ key }) => !taken.has(key));
    const writes = partsOf(moved);
    if (table === 'event' && planned !== undefined)
      writes[0]?.push(planChange(planned.directory, { ...BEGUN, lastEvent: fresh.at(-1)?.key }));
    await Promise.all(writes.map((part) => to.write(part)));
    await from.write(keys.map((key) => ({ table, key })));
  }
  await eraseExpired(table, from);
}

/** What is left is damaged, or may be forgotten by now. */
async function eraseExpired(table: Table, from: Source): Promise<void> {
  for (const key of await keysIn(from, table)) {
    const value = await from.read(table, key).catch(damagedAs('damaged'));
    if (value === undefined) await from.write([{ table, key }]);
  }
}

function stoppedMeanwhile(): SmppError {
  return new SmppError('SMPP_STOPPED', 'the gateway was stopped while it was starting');
}

interface Slice {
  /** Of its records. */
  readonly keys: string[];
  /** Those that are not in the other storage by now. */
  readonly fresh: Change[];
  characters: number;
}

function emptySlice(): Slice {
  return { keys: [], fresh: [], characters: 0 };
}

function isFull({ keys, characters }: Slice, size: number): boolean {
  return keys.length >= size || characters >= EVENT_CHARACTERS;
}

/** Only events are so long that they count. */
function charactersOf({ table, value }: Change): number {
  return table === 'event' ? JSON.stringify(value).length : 0;
}

/** Events are written so few at a time that how far they are goes with them. */
async function* slicesOf(from: Source, table: Table, lastEvent: string | undefined): AsyncGenerator<Slice> {
  const size = table === 'event' ? AT_ONCE : SLICE;
  let isHere =
    table === 'event' && lastEvent !== undefined && (await from.read(table, lastEvent)) !== undefined;
  let slice = emptySlice();
  for await (const change of from.changes(table)) {
    slice.keys.push(change.key);
    if (!isHere) slice.fresh.push(change);
    if (isHere && change.key === lastEvent) isHere = false;
    slice.characters += charactersOf(change);
    if (!isFull(slice, size)) continue;
    yield slice;
    slice = emptySlice();
  }
  if (slice.keys.length > 0) yield slice;
}

function partsOf(changes: readonly Change[]): Change[][] {
  const parts: Change[][] = [];
  for (let at = 0; at < changes.length; at += AT_ONCE) parts.push(changes.slice(at, at + AT_ONCE));
  return parts;
}

/** Gives keys of the same kind, which have a number at their end, behind all that are taken. */
function keyBehind(taken: ReadonlySet<string>): (key: string) => string {
  const highest = new Map<string, number>();
  for (const key of taken) {
    const [kind, number] = parted(key);
    highest.set(kind, Math.max(number, highest.get(kind) ?? 0));
  }
  return (key) => {
    const [kind] = parted(key);
    const next = (highest.get(kind) ?? 0) + 1;
    highest.set(kind, next);
    return `${kind}${next}`;
  };
}

function parted(key: string): readonly [kind: string, number: number] {
  const [digits = ''] = /\d*$/.exec(key) ?? [];
  return [key.slice(0, key.length - digits.length), Number(digits)];
}
