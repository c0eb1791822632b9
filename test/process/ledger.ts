/**
 * Accounts for every SMS that a test hands to Node-RED: what was taken in, what came out, what was sent.
 *
 * SMS are numbered; the number is the text and the correlation. Handed over is not taken in: a msg that is on a
 * wire when its node closes, or when the process is killed, is Node-RED's loss. Taken in is what
 *
 *   - the client has counted as queued (it counts once an SMS is safe), or
 *   - stands in the store of a process that has ended, read from a copy, or
 *   - has a result, or
 *   - was accepted by the simulated gateway.
 *
 * Besides, what the smpp-send node of a living process was given must be refused or have a result, and must be
 * done with once.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SubmitResult } from '../../lib/message.js';
import { entryOf } from '../../lib/outbox/stored-entry.js';
import { readResult } from '../../lib/outbox/stored-result.js';
import type { Simulator } from '../../lib/simulator/simulator.js';
import { journalStorage } from '../../lib/storage/journal-storage.js';
import { originOf } from '../../nodes/shared/origin.js';
import type { Report } from './node-red.js';

export const TO = '4512345678';

export interface Verdict {
  readonly takenIn: number;
  /** Taken in, or given to the smpp-send node and not refused; without a result. */
  readonly lost: readonly number[];
  /** Given to the smpp-send node, which has not called `done`, or has more than once. */
  readonly notDoneOnce: readonly number[];
  /** Accepted by the gateway more than once. */
  readonly duplicated: readonly number[];
  /** Of those, without a result that says so. */
  readonly unflagged: readonly number[];
  /** Two results that do not say the same. */
  readonly contradicted: readonly number[];
  /** Reported more than once by one process. */
  readonly repeated: readonly number[];
  /** Reported as accepted, and unknown to the gateway. */
  readonly invented: readonly number[];
}

export class Ledger {
  readonly #simulator: Simulator;
  readonly #stored = new Set<number>();
  /** By number; those of a process that was started again stand behind those of the one before. */
  readonly #results = new Map<number, SubmitResult[]>();
  readonly #repeated: number[] = [];
  /** By this process, with how often it was done with each. */
  #given = new Map<number, number>();
  #turnedDown = new Set<number>();
  #reportedByThisProcess = new Set<number>();
  #next = 0;
  #waiters: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];
  readonly refused: { readonly code: string; readonly message: string }[] = [];

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  /** A new SMS, as a payload for the flow. */
  sms(): { readonly to: string; readonly text: string; readonly correlation: number } {
    const number = (this.#next += 1);
    return { to: TO, text: String(number), correlation: number };
  }

  get handedOver(): number {
    return this.#next;
  }

  get resultCount(): number {
    return this.#results.size;
  }

  get recoveredCount(): number {
    return [...this.#results.values()].flat().filter(({ recovered }) => recovered).length;
  }

  /** Results that say that the SMS may have been sent twice. */
  get flaggedCount(): number {
    return [...this.#results.values()].flat().filter(({ possibleDuplicate }) => possibleDuplicate).length;
  }

  /** Where a process reports to. */
  readonly report = (report: Report): void => {
    if (report.event === 'refused') this.refused.push(report.payload);
    if (report.event === 'result') this.#settled(report.payload);
    if (report.event === 'given') this.#given.set(report.payload, 0);
    if (report.event === 'done') this.#done(report.payload);
    this.#waiters = this.#waiters.filter(({ isMet, resolve }) => {
      if (!isMet()) return true;
      resolve();
      return false;
    });
  };

  /** Another process takes over: what it reports again may have been on its way when the other ended. */
  nextProcess(): void {
    this.#reportedByThisProcess = new Set();
    this.#given = new Map();
    this.#turnedDown = new Set();
  }

  /** Resolves when that many SMS have a result. */
  results(total: number): Promise<void> {
    return this.#until(() => this.resultCount >= total);
  }

  /** Resolves when that many SMS more than now have a result. */
  moreResults(count: number): Promise<void> {
    return this.results(this.resultCount + count);
  }

  /** Resolves when every SMS that is known to be taken in has a result, and every msg is done with. */
  allSettled(): Promise<void> {
    return this.#until(() => this.#lost().length + this.#notDoneOnce().length === 0);
  }

  /** Adds what stands in the store of a process that has ended; returns how many wait there. */
  async readStore(directory: string): Promise<number> {
    const copy = mkdtempSync(path.join(tmpdir(), 'smpp-store-'));
    cpSync(directory, copy, { recursive: true });
    const storage = journalStorage({ directory: copy });
    await storage.open();
    let count = 0;
    for await (const [id, value] of storage.scan('outbox')) {
      const entry = entryOf(id, value);
      if (entry !== undefined) this.#stored.add(numberOf(entry));
      count += 1;
    }
    for await (const [id, value] of storage.scan('result'))
      this.#stored.add(numberOf(readResult(id, value, true)));
    await storage.close();
    rmSync(copy, { recursive: true });
    return count;
  }

  /** How many SMS with a number from `first` on are known to be taken in. */
  takenInSince(first: number): number {
    return [...this.#takenIn()].filter((number) => number >= first).length;
  }

  verdict(): Verdict {
    const times = this.#acceptances();
    const duplicated = [...times].filter(([, count]) => count > 1).map(([number]) => number);
    const results = [...this.#results];
    return {
      takenIn: this.#takenIn().size,
      lost: this.#lost(),
      notDoneOnce: this.#notDoneOnce(),
      duplicated,
      unflagged: duplicated.filter(
        (number) => !this.#results.get(number)?.some(({ possibleDuplicate }) => possibleDuplicate),
      ),
      contradicted: results
        .filter(([, list]) => new Set(list.map(({ id, outcome }) => `${id} ${outcome}`)).size > 1)
        .map(([number]) => number),
      repeated: this.#repeated,
      invented: results
        .filter(([number, [first]]) => first?.outcome === 'accepted' && !times.has(number))
        .map(([number]) => number),
    };
  }

  #settled(result: SubmitResult): void {
    const number = result.correlation as number;
    const results = this.#results.get(number) ?? [];
    this.#results.set(number, [...results, result]);
    if (this.#reportedByThisProcess.has(number)) this.#repeated.push(number);
    this.#reportedByThisProcess.add(number);
  }

  #done({ number, isRefused }: { readonly number: number; readonly isRefused: boolean }): void {
    this.#given.set(number, (this.#given.get(number) ?? 0) + 1);
    if (isRefused) this.#turnedDown.add(number);
  }

  #lost(): number[] {
    const given = [...this.#given.keys()].filter((number) => !this.#turnedDown.has(number));
    return [...new Set([...this.#takenIn(), ...given])].filter((number) => !this.#results.has(number));
  }

  #notDoneOnce(): number[] {
    return [...this.#given].filter(([, count]) => count !== 1).map(([number]) => number);
  }

  #takenIn(): Set<number> {
    return new Set([...this.#stored, ...this.#results.keys(), ...this.#acceptances().keys()]);
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

/** Nothing lost, nothing invented, nothing said twice, and nothing sent twice. */
export const CLEAN: Omit<Verdict, 'takenIn'> = {
  lost: [],
  notDoneOnce: [],
  duplicated: [],
  unflagged: [],
  contradicted: [],
  repeated: [],
  invented: [],
};

/** The smpp-send node wraps the flow's correlation in its own. */
function numberOf({ correlation }: Pick<SubmitResult, 'correlation'>): number {
  return originOf(correlation)?.correlation as number;
}
