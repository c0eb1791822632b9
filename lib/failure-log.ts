/**
 * What goes wrong again and again, as few lines: one a minute for each sentence and code, with how often it happened; and
 * of every other kind of line a few.
 *
 * An error of ours is free of personal data; one that a listener threw may quote an SMS, so its class alone is said.
 */
import type { Clock, Millis } from './clock.js';
import { SmppError } from './errors.js';

export type Log = (level: 'info' | 'warn' | 'error', line: string) => void;

/** Often enough to be seen, seldom enough to be read: a full disk fails every message. */
const QUIET_MS: Millis = 60_000;

/** Lines of one kind within a minute. */
const LINES_MAX = 20;
/** Kinds that are told apart; words of a peer could make up any number. */
const KINDS_MAX = 1_000;
const KIND_CHARACTERS = 1_000;

/**
 * A log that no flood fills: of lines that differ in words with a digit alone (numbers, ids, hosts), 20 come through in a
 * minute; the next one that does says how many did not.
 */
export function limitedLog(log: Log, clock: Clock): Log {
  const kinds = new Map<string, { readonly since: Millis; lines: number }>();
  return (level, line) => {
    const now = clock.now();
    const kind = knownKind(kinds, line, now);
    const last = kinds.get(kind);
    if (last !== undefined && now - last.since < QUIET_MS) {
      last.lines += 1;
      if (last.lines <= LINES_MAX) log(level, line);
      return;
    }
    kinds.set(kind, { since: now, lines: 1 });
    const unsaid = last === undefined ? 0 : last.lines - LINES_MAX;
    log(level, unsaid > 0 ? `${line} (and ${unsaid} like it that were not said)` : line);
  };
}

function knownKind(kinds: Map<string, { readonly since: Millis }>, line: string, now: Millis): string {
  const words = line
    .slice(0, KIND_CHARACTERS)
    .split(' ')
    .filter((word) => !/\d/.test(word));
  const kind = words.join(' ');
  if (kinds.size < KINDS_MAX || kinds.has(kind)) return kind;
  for (const [other, { since }] of kinds) if (now - since >= QUIET_MS) kinds.delete(other);
  return kinds.size < KINDS_MAX ? kind : '';
}

export class FailureLog {
  readonly #clock: Clock;
  readonly #log: Log;
  /** By sentence and code, which are those in our code. */
  readonly #said = new Map<string, { readonly at: Millis; unsaid: number }>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** As `say`, of a fault of ours: it also says where, as far as a stack tells without quoting anything. */
  readonly fault = (what: string, error: unknown): void => {
    const place = placeOf(error);
    this.say(place === undefined ? what : `${what}, ${place}`, error);
  };

  /** Says `what`, and of the error its words or its class, unless it said so of one with that code within the last minute. */
  readonly say = (what: string, error: unknown): void => {
    const kind = error instanceof SmppError ? `${what} ${error.code}` : what;
    this.#say('error', kind, () => `${what}: ${nameOf(error)}`);
  };

  /** Says `what`, which is no failure, unless it did within the last minute. */
  readonly remark = (what: string): void => this.#say('info', what, () => what);

  #say(level: 'info' | 'error', kind: string, line: () => string): void {
    const last = this.#said.get(kind);
    const now = this.#clock.now();
    if (last !== undefined && now - last.at < QUIET_MS) {
      last.unsaid += 1;
      return;
    }
    const again =
      last === undefined || last.unsaid === 0 ? '' : ` (and ${last.unsaid} times since it was last said)`;
    this.#said.set(kind, { at: now, unsaid: 0 });
    this.#log(level, `${line()}${again}`);
  }
}

/** The first line of the stack behind the error's words, such as `at KeyChains.find (…)`. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  const { stack, message } = error;
  const wordsAt = stack.indexOf(message);
  return wordsAt < 0 ? undefined : /\n\s+(at .+)/.exec(stack.slice(wordsAt + message.length))?.[1];
}

function nameOf(error: unknown): string {
  if (error instanceof SmppError) return `${error.code} ${error.message}`;
  return error instanceof Error ? error.name : typeof error;
}
