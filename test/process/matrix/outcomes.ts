/**
 * What became of every msg that an smpp-send node was given: exactly one outcome each.
 *
 * An outcome is the results of all its SMS (output 1 or 2), or one error that a Catch node was given. Where no Catch
 * node is there any more, a line of the log counts, for as many as it says. SMS are numbered; a msg has those from its
 * first on. What one process reported may have been on its way when it ended, and is reported again by the next.
 */
import { setTimeout as after } from 'node:timers/promises';
import type { SubmitResult } from '../../../lib/message.js';
import type { Simulator } from '../../../lib/simulator/simulator.js';
import type { LogLine, Report } from '../node-red.js';

export interface Numbers {
  readonly first: number;
  readonly count: number;
}

interface Handed extends Numbers {
  /** Its `_msgid`. */
  readonly id: string;
}

/** What the flow of the matrix tells of besides; see `inside.mjs` and `scene.ts`. */
export type MatrixReport =
  | Report
  /** A msg was given to the smpp-send node. */
  | { readonly event: 'handed'; readonly payload: Handed }
  /** Its `done` was called with an error, which may say that the store can have it all the same. */
  | { readonly event: 'failed'; readonly payload: Numbers & { readonly isInDoubt: boolean } }
  /** It came out of a Catch node. */
  | { readonly event: 'caught'; readonly payload: Numbers }
  | { readonly event: 'receipt'; readonly payload: number | null };

/** Numbers of SMS; of a msg, that of its first. */
export interface Faults {
  /** SMS without an outcome. */
  readonly lost: readonly number[];
  /** Msgs that failed, and of which something was sent or has a result all the same. */
  readonly failedAndSent: readonly number[];
  /** Msgs that failed, of which neither a Catch node nor the log was told. */
  readonly failedUnheard: readonly number[];
  /** Msgs of which a flow was told more than once that they failed. */
  readonly failedAgain: readonly number[];
  /** SMS with two results in one process, or with two that do not say the same. */
  readonly repeated: readonly number[];
  /** SMS that were accepted twice, without a word of it in their result. */
  readonly duplicated: readonly number[];
  /** Accepted SMS whose receipt no node was given. */
  readonly withoutReceipt: readonly number[];
}

/** Longer than anything waits that is to come: what no node took comes again after 5 s, and the log says it 2 s later. */
const QUIET_MS = 10_000;

const LOOK_EVERY_MS = 5;
const LOOK_AT_ALL_EVERY_MS = 100;

interface Reported extends Pick<SubmitResult, 'id' | 'outcome' | 'possibleDuplicate'> {
  readonly process: number;
}

export class Outcomes {
  readonly #simulator: Simulator;
  readonly #forgets: boolean;
  #process = 0;
  /** By their first number. */
  readonly #msgs = new Map<number, Handed>();
  readonly #results = new Map<number, Reported[]>();
  readonly #failed: number[] = [];
  readonly #inDoubt = new Set<number>();
  /** With how often. */
  readonly #caught = new Map<number, number>();
  readonly #receipts = new Set<number>();
  readonly #log: (LogLine & { readonly process: number })[] = [];
  /** SMS that have no receipt to come: the process that knew them has ended, or their account is another's. */
  readonly #receiptsGivenUp = new Set<number>();
  #looks = false;
  #reportedAt = performance.now();
  #waiters: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  /** @param forgets the disk may not keep that a result was handed on: it comes again when the store is opened again */
  constructor(simulator: Simulator, forgets: boolean) {
    this.#simulator = simulator;
    this.#forgets = forgets;
  }

  /** Where a process reports to. */
  readonly report = (given: MatrixReport): void => {
    this.#note(given);
    this.#reportedAt = performance.now();
    // Not for each: to look at everything takes a while.
    if (this.#waiters.length === 0 || this.#looks) return;
    this.#looks = true;
    setTimeout(() => {
      this.#looks = false;
      this.#waiters = this.#waiters.filter(({ isMet, resolve }) => {
        if (!isMet()) return true;
        resolve();
        return false;
      });
    }, LOOK_EVERY_MS);
  };

  nextProcess(): void {
    this.#process += 1;
  }

  /** What was accepted up to now is not asked for its receipt. */
  giveUpReceipts(): void {
    for (const number of this.#acceptances().keys()) this.#receiptsGivenUp.add(number);
  }

  get handedCount(): number {
    return this.#msgs.size;
  }

  /** Of SMS. */
  get outcomeCount(): number {
    return this.#results.size + this.#failed.length;
  }

  get log(): readonly LogLine[] {
    return this.#log;
  }

  /** Resolves when that many msgs in all were given, with that many outcomes. */
  reaches(handed: number, outcomes: number): Promise<void> {
    return this.#until(() => this.handedCount >= handed && this.outcomeCount >= outcomes);
  }

  /** Resolves when every msg has its outcome and every accepted SMS its receipt, or nothing happens any more. */
  async complete(): Promise<void> {
    const isComplete = (): boolean =>
      Object.values(this.faults()).every((numbers: readonly number[]) => numbers.length === 0);
    this.#reportedAt = performance.now();
    while (!isComplete() && performance.now() - this.#reportedAt < QUIET_MS)
      await after(LOOK_AT_ALL_EVERY_MS, undefined, { ref: false });
  }

  faults(): Faults {
    const times = this.#acceptances();
    const failed = new Set(this.#failed);
    const results = [...this.#results];
    const told = this.#told();
    const msgs = [...this.#msgs.values()];
    const isNamed = (first: number): boolean => told.msgs.has(this.#msgs.get(first)?.id ?? '');
    const hasResult = (number: number): boolean => this.#results.has(number);
    const unheard = [...failed].filter((first) => !this.#caught.has(first) && !isNamed(first));
    // Where the log names no msg it tells how many.
    const lost = msgs
      .filter(({ first }) => !failed.has(first) && !isNamed(first))
      .filter((msg) => !numbersOf(msg).every(hasResult))
      .slice(Math.max(0, told.errors - unheard.length))
      .flatMap((msg) => numbersOf(msg).filter((number) => !hasResult(number)));
    return {
      lost: lost.slice(told.ends),
      failedAndSent: msgs
        .filter(({ first }) => failed.has(first) && !this.#inDoubt.has(first))
        .filter((msg) => numbersOf(msg).some((number) => times.has(number) || hasResult(number)))
        .map(({ first }) => first),
      failedUnheard: unheard.slice(told.errors),
      failedAgain: [...this.#caught].filter(([, times]) => times > 1).map(([first]) => first),
      repeated: results.filter(([, list]) => isRepeated(list, this.#forgets)).map(([number]) => number),
      duplicated: [...times]
        .filter(([number, count]) => count > 1 && !this.#isFlagged(number))
        .map(([number]) => number),
      withoutReceipt: [...times.keys()].filter(
        (number) => !this.#receipts.has(number) && !this.#receiptsGivenUp.has(number),
      ),
    };
  }

  #note(report: MatrixReport): void {
    if (report.event === 'handed') this.#msgs.set(report.payload.first, report.payload);
    if (report.event === 'failed') this.#noteFailed(report.payload);
    if (report.event === 'caught') this.#noteCaught(report.payload);
    if (report.event === 'receipt' && report.payload !== null) this.#receipts.add(report.payload);
    if (report.event === 'log') this.#log.push({ ...report.payload, process: this.#process });
    if (report.event === 'result') this.#noteResult(report.payload);
  }

  #noteFailed({ first, isInDoubt }: Numbers & { readonly isInDoubt: boolean }): void {
    this.#failed.push(first);
    if (isInDoubt) this.#inDoubt.add(first);
  }

  #noteCaught({ first }: Numbers): void {
    this.#caught.set(first, (this.#caught.get(first) ?? 0) + 1);
  }

  #noteResult({ correlation, id, outcome, possibleDuplicate }: SubmitResult): void {
    const number = correlation as number;
    const before = this.#results.get(number) ?? [];
    this.#results.set(number, [...before, { id, outcome, possibleDuplicate, process: this.#process }]);
  }

  /**
   * Of which msgs the log tells that they failed, of how many more that it does not name, and of how many SMS that they ended
   * without a node to say so.
   */
  #told(): { readonly msgs: ReadonlySet<string>; readonly errors: number; readonly ends: number } {
    const msgs = new Set<string>();
    let errors = 0;
    let ends = 0;
    for (const { level, type, line } of this.#log) {
      if (ENDED_WITHOUT_NODE.test(line)) ends += countIn(line);
      else if (level === 'error' && type === 'smpp-send') {
        const msg = NAMED_MSG.exec(line)?.[1];
        if (msg === undefined) errors += countIn(line);
        else msgs.add(msg);
      }
    }
    return { msgs, errors, ends };
  }

  #isFlagged(number: number): boolean {
    return this.#results.get(number)?.some(({ possibleDuplicate }) => possibleDuplicate) === true;
  }

  #acceptances(): Map<number, number> {
    const times = new Map<number, number>();
    for (const { text } of this.#simulator.accepted)
      times.set(Number(text), (times.get(Number(text)) ?? 0) + 1);
    return times;
  }

  #until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ isMet, resolve }));
  }
}

/** The node of the result is gone, or the memory that held the SMS is, or no connection uses their folder any more. */
const ENDED_WITHOUT_NODE = /smpp-send node .* is gone|lost with it|stay in .* until a connection uses it/;

const NAMED_MSG = /\(SMPP_\w+, msg (\w+)\)$/;

/** The number that a line tells of; one where it names none. */
function countIn(line: string): number {
  const count = /\b(\d+) (?:SMS|msgs|messages|results)\b/.exec(line)?.[1];
  return count === undefined ? 1 : Number(count);
}

function numbersOf({ first, count }: Numbers): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function isRepeated(reported: readonly Reported[], mayComeAgain: boolean): boolean {
  const processes = new Set(reported.map(({ process }) => process));
  const said = new Set(reported.map(({ id, outcome }) => `${id} ${outcome}`));
  return (processes.size < reported.length && !mayComeAgain) || said.size > 1;
}
