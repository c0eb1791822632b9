/**
 * One of the two hosts: its sessions, and what can happen to it.
 *
 *   up ──restart──▶ restarting ──▶ up        up ──kill──▶ down ──revive──▶ up
 *
 * A blackhole may lie over each of them. Source: gateway.md (restart, messages; restart, binds).
 */
import { errors } from 'smpp';
import type { Duplex } from 'node:stream';
import type { Millis } from '../clock.js';
import type { Accounts, BindAttempt, Login } from './accounts.js';
import { makeDuplexPair } from './duplex-pair.js';
import { EsmeSession, type SessionOwner } from './esme-session.js';
import type { MessageCentre, Verdict } from './message-centre.js';
import type { Schedule } from './schedule.js';
import type { SimulatorSettings } from './simulator-options.js';
import type { SubmittedSms } from './submitted-sms.js';

/** What both hosts share. */
export interface HostContext {
  readonly settings: SimulatorSettings;
  readonly schedule: Schedule;
  readonly accounts: Accounts;
  readonly centre: MessageCentre;
  readonly nextSessionId: () => number;
  readonly bindAttempted: (attempt: BindAttempt) => void;
}

/** How long submit_sm are answered ESME_RSUBMITFAIL before clients are sent the unbind; *assumed*. */
const REFUSE_BEFORE_UNBIND_MS = 50;

export class GatewayHost implements SessionOwner {
  readonly index: number;
  readonly schedule: Schedule;
  readonly deliverWindow: number;
  readonly enquireLinkMs: Millis;
  readonly #context: HostContext;
  readonly #sessions = new Set<EsmeSession>();
  readonly #waiting = new Set<() => void>();
  #isDown = false;
  #restarts = 0;
  #blackholes = 0;

  constructor(index: number, context: HostContext) {
    this.index = index;
    this.#context = context;
    this.schedule = context.schedule;
    this.deliverWindow = context.settings.deliverWindow;
    this.enquireLinkMs = context.settings.enquireLinkMs;
  }

  get sessions(): readonly EsmeSession[] {
    return [...this.#sessions];
  }

  get isSilent(): boolean {
    return this.#blackholes > 0;
  }

  /** Serves a client over this transport. */
  attach(transport: Duplex): void {
    const session = new EsmeSession(this.#context.nextSessionId(), transport, this);
    this.#sessions.add(session);
    if (this.isSilent) session.silence();
  }

  /**
   * A connection without a port: the client's end. It waits while the host is blackholed.
   *
   * @throws Error with code ECONNREFUSED, or the signal's reason
   */
  async connect(signal: AbortSignal): Promise<Duplex> {
    while (this.isSilent) await this.#spoken(signal);
    signal.throwIfAborted();
    if (this.#isDown) throw systemError('ECONNREFUSED', `simulated host ${this.index} is down`);
    const [client, server] = makeDuplexPair();
    this.attach(server);
    return client;
  }

  /** Restarts; `done` is called `ms` later, when binds are taken again. */
  restart(ms: Millis, done: () => void): void {
    this.#restarts += 1;
    const leaving = this.sessions;
    for (const session of leaving) session.refuseSubmits();
    this.#log(`restarts, back in ${ms} ms`);
    this.schedule.after(REFUSE_BEFORE_UNBIND_MS, () => {
      for (const session of leaving) session.leave();
    });
    this.schedule.after(ms, () => {
      this.#restarts -= 1;
      this.#log('is back');
      done();
    });
  }

  /** Reads nothing and answers nothing; the connections stay open. */
  silence(): void {
    this.#blackholes += 1;
    for (const session of this.#sessions) session.silence();
  }

  speak(): void {
    this.#blackholes -= 1;
    if (this.isSilent) return;
    for (const session of this.#sessions) session.speak();
    for (const wake of this.#waiting) wake();
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** Cuts every connection and takes no more, until `revive`. */
  kill(): void {
    this.#isDown = true;
    for (const session of this.#sessions) session.destroy('host lost');
  }

  revive(): void {
    this.#isDown = false;
  }

  bind(session: EsmeSession, login: Login): number {
    const { accounts, bindAttempted, schedule } = this.#context;
    const command_status = this.#restarts > 0 ? errors.ESME_RBINDFAIL : accounts.check(login);
    const { systemId, mode } = login;
    bindAttempted({ systemId, mode, host: this.index, command_status, at: schedule.clock.now() });
    this.#log(`session ${session.id}: bind as ${mode}, status ${command_status}`);
    return command_status;
  }

  submit(session: EsmeSession, sms: SubmittedSms): Verdict {
    const origin = { systemId: session.login?.systemId ?? '', host: this.index, session: session.id };
    return this.#context.centre.submit(sms, origin);
  }

  ready(session: EsmeSession): void {
    if (session.canReceive) this.#context.centre.deliveries.attach(session);
  }

  ended(session: EsmeSession, reason: string): void {
    this.#sessions.delete(session);
    this.#context.centre.deliveries.detach(session);
    this.#log(`session ${session.id}: ended, ${reason}`);
  }

  #spoken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        this.#waiting.delete(wake);
        reject(signal.reason as Error);
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
    });
  }

  #log(line: string): void {
    this.#context.settings.log(`host ${this.index}: ${line}`);
  }
}

/** As Node's own, which tell what failed by their `code`. */
export function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
