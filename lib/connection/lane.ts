/**
 * Keeps one host at a time bound, with every bind that the connection mode asks for.
 *
 * A round is one attempt at one host: all its binds together. The first of them that fails, ends or begins to
 * drain ends the round: the others are left, and the next round begins elsewhere at once, while the old ones
 * still drain. One lane has all hosts to choose from (`failover`), or there is a lane for each (`both`), so that
 * a host that is down never delays another.
 */
import type { Clock, EpochMs, Millis } from '../clock.js';
import type { SmppError } from '../errors.js';
import type { Link, Respond } from '../link.js';
import type { BindMode, Delivery, LinkStatus } from '../message.js';
import { Failover } from './failover.js';
import { endByDraining, GIVEN_UP, type LegEnd } from './leg-end.js';
import { Leg, type LegListener, type LegSetup } from './leg.js';
import type { Sign } from './maintenance.js';
import type { LaneHost } from './host-name.js';

export interface LaneSetup extends LegSetup {
  readonly binds: readonly BindMode[];
  readonly random: () => number;
}

/** How the last round at a host ended. */
export interface Failure extends LegEnd {
  readonly error: SmppError;
  readonly at: Millis;
}

export interface LaneListener {
  /** A bind was accepted; its host may have others to come. */
  bound(bind: BindMode): void;
  linkUp(link: Link): void;
  linkDown(link: Link): void;
  ready(link: Link): void;
  delivery(delivery: Delivery, respond: Respond, sessionId: number): void;
  answersRead(sessionId: number, upTo: number): void;
  sessionOver(sessionId: number, isReplaced: boolean): void;
  noticed(sign: Sign): void;
  /** Something that the host sent was of no use. */
  ignored(host: LaneHost, what: string): void;
  /** Anything that its status shows. */
  changed(): void;
}

export class Lane {
  readonly #setup: LaneSetup;
  readonly #listener: LaneListener;
  readonly #clock: Clock;
  readonly #failover: Failover;
  /** The legs of the present round. */
  #legs: readonly Leg[] = [];
  /** Legs of earlier rounds that have not ended yet. */
  readonly #draining = new Set<Leg>();
  /** Legs whose links the outbox knows. */
  readonly #announced = new Set<Leg>();
  #host = 0;
  #waiting: Waiting | undefined;
  #error: SmppError | undefined;
  #lastEnd: LegEnd | undefined;
  /** How the last round at each host ended, until it is up again. */
  readonly #failures = new Map<LaneHost, Failure>();
  #endRound: ((end: LegEnd) => void) | undefined;
  #isStopped = true;
  #loop: Promise<void> = Promise.resolve();

  constructor(setup: LaneSetup, listener: LaneListener) {
    this.#setup = setup;
    this.#listener = listener;
    this.#clock = setup.clock;
    this.#failover = new Failover(setup.hosts.length, setup.timers, setup.random);
  }

  /** Every bind of the mode is bound, at one host. */
  get isUp(): boolean {
    return this.#legs.length > 0 && this.#legs.every((leg) => leg.state === 'bound');
  }

  /** The host that is bound, or tried now or next. */
  get host(): LaneHost {
    return hostAt(this.#setup, this.#host);
  }

  /** Instant of the next attempt, while it waits for one. */
  get retryAt(): Millis | undefined {
    return this.#waiting?.until;
  }

  /** How the last round ended at each host that has not been up since. */
  get failures(): readonly Failure[] {
    return [...this.#failures.values()];
  }

  /**
   * A login was refused, and it is not over with the host that may know better; nor is a first attempt. What was refused
   * before that says nothing, for somebody may have mended it.
   */
  get isUndecided(): boolean {
    const { hosts, login } = this.#setup;
    if (this.#lastEnd === undefined && this.#waiting === undefined) return login.isRefused;
    const isOpen = this.#lastEnd === undefined || this.#lastEnd.login === 'refused';
    return isOpen && hosts.some((host) => login.mayKnowBetter(nameOf(host)));
  }

  start(): void {
    this.#isStopped = false;
    this.#lastEnd = undefined;
    this.#error = undefined;
    this.#failures.clear();
    this.#loop = this.#keepUp();
  }

  /** Leaves every leg in good order, with so long for the answers under way; resolves when all have ended. */
  async stop(drainMs: Millis): Promise<void> {
    this.#isStopped = true;
    this.#waiting?.wake();
    this.#finishRound(GIVEN_UP, drainMs);
    for (const leg of this.#draining) leg.leave(drainMs);
    await Promise.all([...this.#draining].map((leg) => leg.isOver));
    await this.#loop;
  }

  /** Ends at once what `stop` has not brought to an end. */
  destroy(): void {
    for (const leg of this.#draining) leg.destroy();
  }

  /** One for each bind that is up or wanted, and one for each that still drains. */
  links(): LinkStatus[] {
    const legs = [...this.#legs, ...this.#draining].map((leg) => this.#legStatus(leg));
    return this.#waiting === undefined ? legs : [...this.#waitingStatus(this.#waiting), ...legs];
  }

  /** Never rejects. */
  async #keepUp(): Promise<void> {
    while (!this.#isStopped) {
      const now = this.#clock.now();
      const { host, at } = this.#failover.next((index) => now + this.#loginWaitMs(index, now));
      this.#host = host;
      if (at > now) {
        await this.#wait(at - now);
        continue;
      }
      // Our old session with this very host has to be over first, or it answers ESME_RALYBND.
      const draining = this.#drainingAt(this.host);
      for (const leg of draining) leg.leave();
      await Promise.all(draining.map((leg) => leg.isOver));
      await this.#tryHost(host);
    }
  }

  #loginWaitMs(index: number, now: Millis): Millis {
    return this.#setup.login.waitMs(nameOf(hostAt(this.#setup, index)), now);
  }

  async #wait(waitMs: Millis): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(waitMs, resolve);
      const wake = () => {
        cancel();
        resolve();
      };
      this.#waiting = { until: this.#clock.now() + waitMs, since: this.#clock.now(), wake };
      this.#listener.changed();
    });
    this.#waiting = undefined;
  }

  async #tryHost(host: number): Promise<void> {
    if (this.#isStopped) return;
    const end = await this.#round();
    // A round that was given up says nothing about the host.
    if (end !== GIVEN_UP) this.#failover.ended(host, this.#clock.now(), end.boundForMs, end.failure);
  }

  /** Resolves when the round is over; what drains does so by itself. */
  #round(): Promise<LegEnd> {
    return new Promise((resolve) => {
      this.#endRound = resolve;
      const listener = this.#legListener();
      const legs = this.#setup.binds.map((bind) => new Leg(this.#setup, this.host, bind, listener));
      this.#legs = legs;
      for (const leg of legs) leg.start();
      this.#listener.changed();
    });
  }

  #finishRound(end: LegEnd, drainMs?: Millis): void {
    const resolve = this.#endRound;
    if (resolve === undefined) return;
    this.#endRound = undefined;
    this.#note(end);
    const legs = this.#legs;
    this.#legs = [];
    for (const leg of legs) if (leg.state !== 'ended') this.#draining.add(leg);
    for (const leg of legs) if (leg.state !== 'draining') leg.leave(drainMs);
    resolve(end);
  }

  /** Why the round is over; noted before anybody is told that it is. */
  #note(end: LegEnd): void {
    this.#lastEnd = end;
    if (end.boundForMs > 0) this.#failures.clear(); // of an earlier outage
    if (end.error === undefined) return;
    this.#error = end.error;
    this.#failures.set(this.host, { ...end, error: end.error, at: this.#clock.now() });
  }

  #legListener(): LegListener {
    const listener = this.#listener;
    return {
      ready: (link) => listener.ready(link),
      delivery: (delivery, respond, sessionId) => listener.delivery(delivery, respond, sessionId),
      answersRead: (sessionId, upTo) => listener.answersRead(sessionId, upTo),
      ignored: (leg, what) => listener.ignored(leg.address, what),
      bound: (leg, link) => this.#bound(leg, link),
      draining: (leg, isGatewaysWish) => {
        const leftFor = isGatewaysWish ? undefined : leg.link?.leftFor;
        const end = endByDraining(leg.name, leftFor, leg.boundForMs);
        const isRoundOver = this.#legs.includes(leg);
        if (isRoundOver) this.#note(end);
        if (isGatewaysWish) listener.noticed('unbind');
        if (isRoundOver) this.#finishRound(end);
        listener.changed();
      },
      ended: (leg, end) => this.#ended(leg, end),
    };
  }

  #bound(leg: Leg, link: Link): void {
    if (this.isUp) {
      this.#error = undefined;
      this.#failures.delete(this.host);
    }
    this.#listener.bound(leg.bind);
    if (leg.bind !== 'receiver') {
      this.#announced.add(leg);
      this.#listener.linkUp(link);
    }
    this.#listener.changed();
  }

  #ended(leg: Leg, end: LegEnd): void {
    const isRoundOver = this.#legs.includes(leg);
    if (isRoundOver) this.#note(end);
    this.#draining.delete(leg);
    if (this.#announced.delete(leg) && leg.link !== undefined) this.#listener.linkDown(leg.link);
    const isReplaced = !isRoundOver && this.#legs.some(receives);
    if (leg.link !== undefined) this.#listener.sessionOver(leg.link.id, isReplaced);
    if (end.sign !== undefined) this.#listener.noticed(end.sign);
    if (isRoundOver) this.#finishRound(end);
    this.#listener.changed();
  }

  #drainingAt({ host, port }: LaneHost): Leg[] {
    return [...this.#draining].filter(({ address }) => address.host === host && address.port === port);
  }

  #legStatus(leg: Leg): LinkStatus {
    const { certificateExpiresAt } = leg;
    return {
      ...this.#shared(leg.address, leg.bind),
      state: leg.state === 'ended' ? 'stopped' : leg.state,
      since: this.#toWall(leg.since),
      underWay: leg.underWay,
      ...(certificateExpiresAt === undefined ? {} : { certificateExpiresAt }),
    };
  }

  #waitingStatus({ until, since }: Waiting): LinkStatus[] {
    return this.#setup.binds.map((bind) => ({
      ...this.#shared(this.host, bind),
      state: 'waiting',
      since: this.#toWall(since),
      retryAt: this.#toWall(until),
      underWay: 0,
    }));
  }

  #toWall(at: Millis): EpochMs {
    return Math.round(this.#clock.wall() + (at - this.#clock.now()));
  }

  #shared(
    address: LaneHost,
    bind: BindMode,
  ): Pick<LinkStatus, 'host' | 'name' | 'bind' | 'window' | 'error'> {
    const error = this.#error;
    return {
      host: nameOf(address),
      name: address.name,
      bind,
      window: this.#setup.window,
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    };
  }
}

interface Waiting {
  readonly until: Millis;
  readonly since: Millis;
  readonly wake: () => void;
}

/** The gateway delivers over it. */
function receives({ state, bind }: Leg): boolean {
  return state === 'bound' && bind !== 'transmitter';
}

function nameOf({ host, port }: LaneHost): string {
  return `${host}:${port}`;
}

function hostAt({ hosts }: LaneSetup, index: number): LaneHost {
  const host = hosts[index];
  if (host === undefined) throw new RangeError('a lane needs a host');
  return host;
}
