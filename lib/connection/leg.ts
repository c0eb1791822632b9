/**
 * One bind at one host, from the first octet to the last: connect, log in, serve, end.
 *
 *     connecting ──▶ bound ──▶ draining ──▶ ended          (to `ended` from each)
 *
 * A leg is never used again: whoever wants the host back makes a new one.
 */
import type { Duplex } from 'node:stream';

import type { AddressType } from '../address-type.js';
import type { Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import { SmppError } from '../errors.js';
import type { Respond } from '../link.js';
import type { BindMode, Delivery } from '../message.js';
import type { SessionOptions } from '../session/session.js';
import type { Timers } from '../timers.js';
import type { LaneHost } from './host-name.js';
import { certificateExpiry } from './certificate-expiry.js';
import { endOfSession, endWithoutSession, GIVEN_UP, type LegEnd } from './leg-end.js';
import { TURN_MS, type LoginAttempt, type LoginHold, type LoginOutcome } from './login-hold.js';
import { SessionDriver, type DriverListener, type OnFault, type SessionEnd } from './session-driver.js';
import type { Credentials } from './supervisor-port.js';
import { asTransport, type Connect } from './tls-connect.js';

/** What all legs of a supervisor share. */
export interface LegSetup {
  /** Of which one at a time is bound. */
  readonly hosts: readonly LaneHost[];
  readonly credentials: Credentials;
  readonly window: number;
  readonly shortSender: AddressType;
  readonly timers: Timers;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly login: LoginHold;
  readonly onFault: OnFault;
  readonly bounds?: Bounds;
}

export interface LegListener {
  /** Its bind was accepted; nothing is submitted before this returns. */
  bound(leg: Leg, link: SessionDriver): void;
  /** It takes no more segments, and will end. */
  draining(leg: Leg, isGatewaysWish: boolean): void;
  ready(link: SessionDriver): void;
  delivery(delivery: Delivery, respond: Respond, sessionId: number): void;
  answersRead(sessionId: number, upTo: number): void;
  ignored(leg: Leg, what: string): void;
  ended(leg: Leg, end: LegEnd): void;
}

export type LegState = 'connecting' | 'bound' | 'draining' | 'ended';

export class Leg {
  readonly address: LaneHost;
  readonly bind: BindMode;
  /** Resolves when it has ended. */
  readonly isOver: Promise<void>;
  readonly #setup: LegSetup;
  readonly #listener: LegListener;
  readonly #abort = new AbortController();
  #state: LegState = 'connecting';
  #since: Millis;
  #boundAt: Millis | undefined;
  #link: SessionDriver | undefined;
  #login: LoginAttempt | undefined;
  #certificateExpiresAt: EpochMs | undefined;
  #resolveOver!: () => void;

  constructor(setup: LegSetup, address: LaneHost, bind: BindMode, listener: LegListener) {
    this.address = address;
    this.bind = bind;
    this.#setup = setup;
    this.#listener = listener;
    this.#since = setup.clock.now();
    this.isOver = new Promise((resolve) => (this.#resolveOver = resolve));
  }

  /** `host:port`. */
  get name(): string {
    return `${this.address.host}:${this.address.port}`;
  }

  get state(): LegState {
    return this.#state;
  }

  /** When the present state began. */
  get since(): Millis {
    return this.#since;
  }

  /** 0 when it was never bound. */
  get boundForMs(): Millis {
    return this.#boundAt === undefined ? 0 : Math.max(1, this.#setup.clock.now() - this.#boundAt);
  }

  /** submit_sm without an answer. */
  get underWay(): number {
    return this.#link?.underWay ?? 0;
  }

  /** Its session, once it has one. */
  get link(): SessionDriver | undefined {
    return this.#link;
  }

  /** Of the host, as far as it is known. */
  get certificateExpiresAt(): EpochMs | undefined {
    return this.#certificateExpiresAt;
  }

  start(): void {
    void this.#open();
  }

  /** Ends it in good order; see `Link.leave`. */
  leave(drainMs?: Millis): void {
    if (this.#link !== undefined) this.#link.leave(undefined, drainMs);
    else this.#end(GIVEN_UP);
  }

  /** Ends it at once. */
  destroy(): void {
    if (this.#link !== undefined) this.#link.destroy();
    else this.#end(GIVEN_UP);
  }

  /** Never rejects. */
  async #open(): Promise<void> {
    try {
      const transport = await this.#reach();
      // It may break while the login waits for its turn: an error without a listener would end the process.
      transport.on('error', () => undefined);
      this.#certificateExpiresAt = certificateExpiry(transport);
      await this.#logInInTurn(transport);
    } catch (error) {
      this.#end(endWithoutSession(error));
    }
  }

  /** The transport may be anybody's, so it is not trusted to give up by itself, nor to stop when told to. */
  async #reach(): Promise<Duplex> {
    const { clock, connect, timers } = this.#setup;
    const { host, port } = this.address;
    const limitMs = timers.dnsMs + timers.connectMs + timers.tlsMs;
    const cancel = clock.after(limitMs, () => {
      const message = `${this.name} was not reached within ${limitMs} ms`;
      this.#end(endWithoutSession(new SmppError('SMPP_CONNECT', message, { host: this.name })));
    });
    try {
      return asTransport(await connect(host, port, this.#abort.signal));
    } finally {
      cancel();
    }
  }

  /**
   * Waits while another bind asks for all, unless a refusal came, which holds this one back too. Between the last look
   * and the bind nothing is awaited, or others would look meanwhile.
   */
  async #logInInTurn(transport: Duplex): Promise<void> {
    const { clock, login } = this.#setup;
    let waitMs = login.waitMs(this.name, clock.now());
    while (waitMs > 0 && waitMs <= TURN_MS && this.#state !== 'ended') {
      const untilThen = waitMs;
      await new Promise<void>((resolve) => void clock.after(untilThen, resolve));
      waitMs = login.waitMs(this.name, clock.now());
    }
    if (waitMs === 0 && this.#state !== 'ended') {
      this.#logIn(transport);
      return;
    }
    transport.destroy();
    this.#end(GIVEN_UP);
  }

  #logIn(transport: Duplex): void {
    const { hosts, clock, login, bounds, onFault } = this.#setup;
    const session = this.#sessionOptions();
    const isReplaceable = hosts.length > 1;
    const setup = { host: this.name, transport, session, isReplaceable, clock, bounds, onFault };
    const link = new SessionDriver(setup, this.#driverListener());
    try {
      link.start();
    } catch (error) {
      transport.destroy();
      throw error;
    }
    this.#login = login.asked(this.name);
    this.#link = link;
  }

  #sessionOptions(): SessionOptions {
    const { credentials, window, shortSender, timers } = this.#setup;
    return {
      bind: this.bind,
      system_id: credentials.systemId,
      password: credentials.password,
      system_type: credentials.systemType,
      window,
      shortSender,
      timers,
    };
  }

  #driverListener(): DriverListener {
    const listener = this.#listener;
    return {
      bound: () => this.#bound(),
      leaving: (isPeersWish) => {
        this.#enter('draining');
        listener.draining(this, isPeersWish);
      },
      ready: () => {
        if (this.#link !== undefined) listener.ready(this.#link);
      },
      delivery: (delivery, respond) => listener.delivery(delivery, respond, this.#link?.id ?? 0),
      answersRead: (upTo) => listener.answersRead(this.#link?.id ?? 0, upTo),
      ignored: (what) => listener.ignored(this, what),
      closed: (end) => this.#closed(end),
    };
  }

  #bound(): void {
    this.#boundAt = this.#setup.clock.now();
    this.#loginEnded('bound');
    this.#enter('bound');
    if (this.#link !== undefined) this.#listener.bound(this, this.#link);
  }

  #closed(sessionEnd: SessionEnd): void {
    const end = endOfSession(this.name, sessionEnd, this.boundForMs);
    this.#loginEnded(end.login);
    this.#end(end);
  }

  /** The first word counts: the end of a session that was bound says nothing of the login. */
  #loginEnded(outcome: LoginOutcome): void {
    const { clock, login } = this.#setup;
    if (this.#login !== undefined) login.ended(this.#login, outcome, clock.now());
    this.#login = undefined;
  }

  #enter(state: LegState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#since = this.#setup.clock.now();
  }

  #end(end: LegEnd): void {
    if (this.#state === 'ended') return;
    this.#enter('ended');
    this.#abort.abort();
    this.#listener.ended(this, end);
    this.#resolveOver();
  }
}
