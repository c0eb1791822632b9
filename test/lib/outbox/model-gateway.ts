/**
 * A gateway of two hosts on virtual time, as an outbox sees it through its links: it answers each submit_sm by a rule,
 * and a client that leaves a host is bound to the next as the supervisor would have it.
 */
import type { Clock, Millis } from '../../../lib/clock.js';
import { Failover } from '../../../lib/connection/failover.js';
import { Maintenance, type Sign } from '../../../lib/connection/maintenance.js';
import type { Answer, Link } from '../../../lib/link.js';
import type { Segment } from '../../../lib/message.js';
import type { Outbox } from '../../../lib/outbox/outbox.js';
import { DEFAULT_TIMERS } from '../../../lib/timers.js';

export const ESME_RINVBNDSTS = 0x04;
export const ESME_RSYSERR = 0x08;
export const ESME_RMSGQFUL = 0x14;
export const ESME_RSUBMITFAIL = 0x45;
export const ESME_RTHROTTLED = 0x58;

const HOSTS = ['dk1:2775', 'dk2:2775'] as const;
const ROUND_TRIP_MS: Millis = 50;
/** TCP, TLS and bind. */
const BIND_MS: Millis = 100;

export interface SubmitSeen {
  readonly at: Millis;
  readonly host: number;
  readonly session: number;
  readonly text: string;
  readonly status: number;
}

export interface ModelOptions {
  readonly clock: Clock;
  readonly outbox: () => Outbox;
  /** The command_status for an SMS of this text; undefined: no answer. */
  readonly judge: (text: string, host: number) => number | undefined;
  readonly window?: number;
  readonly links?: 'failover' | 'both';
}

export class ModelGateway {
  readonly options: ModelOptions;
  readonly submits: SubmitSeen[] = [];
  readonly sessions = new Set<ModelSession>();
  /** Binds that were accepted. */
  binds = 0;
  /** Binds are refused at these hosts. */
  readonly closedHosts = new Set<number>();
  readonly #maintenance = new Maintenance(DEFAULT_TIMERS.stableMs);
  readonly #failovers: readonly { readonly hosts: readonly number[]; readonly failover: Failover }[];

  constructor(options: ModelOptions) {
    this.options = options;
    const groups = options.links === 'both' ? [[0], [1]] : [[0, 1]];
    this.#failovers = groups.map((hosts) => ({
      hosts,
      failover: new Failover(hosts.length, DEFAULT_TIMERS, () => 0.5),
    }));
  }

  start(): void {
    this.#failovers.forEach((_, lane) => this.#bindNext(lane));
  }

  /** Ends everything without a sign, as when the process has died. */
  halt(): void {
    for (const session of this.sessions) session.abandon();
  }

  isRestart(failedAt: Millis): boolean {
    return this.#maintenance.isRestart(failedAt);
  }

  /** How often a text was submitted. */
  count(text: string): number {
    return this.submits.filter((submit) => submit.text === text).length;
  }

  /** A restart of a host: unbind, close soon after, and no binds for a while. */
  restart(host: number, ms: Millis): void {
    const { clock } = this.options;
    this.closedHosts.add(host);
    clock.after(ms, () => this.closedHosts.delete(host));
    for (const session of this.sessions) if (session.hostIndex === host) session.unbind();
  }

  over(session: ModelSession): void {
    this.options.outbox().linkDown(session);
    this.sessions.delete(session);
  }

  /** The session takes no more: the next host, while it drains. */
  left(session: ModelSession, kind: 'left' | 'unbound'): void {
    const { lane, hostIndex, boundAt } = session;
    const { failover, hosts } = this.#failovers[lane]!;
    const now = this.options.clock.now();
    if (kind === 'unbound') this.#signed('unbind');
    failover.ended(hosts.indexOf(hostIndex), now, Math.max(1, now - boundAt));
    this.#bindNext(lane);
  }

  #signed(sign: Sign): void {
    this.#maintenance.noticed(sign, this.options.clock.now());
    this.options.outbox().restartSigned();
  }

  #bindNext(lane: number): void {
    const { clock } = this.options;
    const { failover, hosts } = this.#failovers[lane]!;
    const { host: index, at } = failover.next();
    clock.after(Math.max(0, at - clock.now()) + BIND_MS, () => {
      const host = hosts[index]!;
      if (this.closedHosts.has(host)) {
        this.#signed('bindFailed');
        failover.ended(index, clock.now(), 0);
        this.#bindNext(lane);
        return;
      }
      this.binds += 1;
      const session = new ModelSession(this, lane, host);
      this.sessions.add(session);
      this.options.outbox().linkUp(session);
    });
  }
}

let lastId = 0;

class ModelSession implements Link {
  readonly id = 1_000_000 + (lastId += 1);
  readonly host: string;
  readonly lane: number;
  readonly hostIndex: number;
  readonly boundAt: Millis;
  readonly isReplaceable: boolean;
  readonly #gateway: ModelGateway;
  /** What is under way, each as what tells the outbox that it is unanswered. */
  readonly #open = new Map<() => void, Millis>();
  #isLeft = false;
  #isOver = false;

  constructor(gateway: ModelGateway, lane: number, hostIndex: number) {
    this.#gateway = gateway;
    this.lane = lane;
    this.hostIndex = hostIndex;
    this.host = HOSTS[hostIndex]!;
    this.boundAt = gateway.options.clock.now();
    this.isReplaceable = gateway.options.links !== 'both';
  }

  get capacity(): number {
    return this.#isLeft ? 0 : (this.#gateway.options.window ?? 10) - this.#open.size;
  }

  get oldestSentAt(): Millis | undefined {
    const [oldest] = this.#open.values();
    return oldest;
  }

  submit(segments: readonly Segment[], settle: (index: number, answer: Answer) => void): void {
    const { clock, judge, outbox } = this.#gateway.options;
    const answers = segments.map((segment, index) => {
      const giveUp = () => settle(index, { kind: 'unanswered', written: true });
      this.#open.set(giveUp, clock.now());
      const text = Buffer.from(segment.octets).toString('latin1');
      const status = judge(text, this.hostIndex);
      this.#gateway.submits.push({
        at: clock.now(),
        host: this.hostIndex,
        session: this.id,
        text,
        status: status ?? -1,
      });
      return { status, giveUp };
    });
    clock.after(ROUND_TRIP_MS, () => {
      answers.forEach(({ status, giveUp }, index) => {
        if (status === undefined || !this.#open.delete(giveUp)) return;
        settle(index, { kind: 'answered', status, messageId: status === 0 ? `m-${this.id}` : '' });
      });
      outbox().ready();
      this.#endWhenDrained();
    });
    clock.after(DEFAULT_TIMERS.responseMs, () => {
      answers.forEach(({ giveUp }, index) => {
        if (this.#open.delete(giveUp)) settle(index, { kind: 'overdue' });
      });
      outbox().ready();
    });
  }

  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#gateway.left(this, 'left');
    this.#endWhenDrained();
  }

  unbind(): void {
    if (!this.#isLeft) {
      this.#isLeft = true;
      this.#gateway.left(this, 'unbound');
    }
    this.#gateway.options.clock.after(2 * ROUND_TRIP_MS, () => this.#end());
  }

  abandon(): void {
    this.#isLeft = true;
    this.#isOver = true;
    this.#open.clear();
  }

  #endWhenDrained(): void {
    if (this.#isLeft && this.#open.size === 0) queueMicrotask(() => this.#end());
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const giveUp of this.#open.keys()) giveUp();
    this.#open.clear();
    this.#gateway.over(this);
  }
}
