/** One host of the model: what a connection and a bind meet there, and its restarts. */
import type { Duplex } from 'node:stream';
import type { Millis } from '../../lib/clock.js';
import { LossyLink } from './lossy-link.js';
import type { Smsc } from './smsc.js';
import { SmscSession } from './smsc-session.js';

/**
 * `refusing` no TCP · `hanging` neither connection nor refusal · `bindHanging` the bind has no answer ·
 * `restarting` binds are answered ESME_RBINDFAIL · `alreadyBound` ESME_RALYBND · `flapping` bound, then dropped ·
 * `leaving` about to restart: submit_sm are answered ESME_RSUBMITFAIL.
 */
export type HostMode =
  'up' | 'refusing' | 'hanging' | 'bindHanging' | 'restarting' | 'alreadyBound' | 'flapping' | 'leaving';

/** As the client's own transport gives up (contract section 4: connect 5000). */
const CONNECT_MS: Millis = 5_000;

/** A host gives up a session that says nothing for this long. */
const IDLE_MS: Millis = 60_000;

export class SmscHost {
  readonly service: Smsc;
  readonly index: number;
  readonly sessions = new Set<SmscSession>();
  #mode: HostMode = 'up';
  #modeNumber = 0;
  /** Nothing is wrong with it since then; may lie ahead. */
  troubledUntil: Millis = 0;

  constructor(service: Smsc, index: number) {
    this.service = service;
    this.index = index;
  }

  get name(): string {
    return `dk${this.index + 1}.test`;
  }

  get mode(): HostMode {
    return this.#mode;
  }

  /** Something keeps it from serving a client until then. */
  disturb(durationMs: Millis): void {
    this.troubledUntil = Math.max(this.troubledUntil, this.service.time.now + durationMs);
  }

  enter(mode: HostMode, durationMs: Millis): void {
    this.disturb(durationMs);
    this.#mode = mode;
    this.#modeNumber += 1;
    const number = this.#modeNumber;
    this.service.time.schedule(durationMs, 'elsewhere', () => {
      if (this.#modeNumber === number) this.#mode = 'up';
    });
  }

  /** gateway.md: ESME_RSUBMITFAIL, unbind, close, ESME_RBINDFAIL for a while. */
  restart(durationMs: Millis): void {
    const { time, chance } = this.service;
    const graceMs = chance.happens(0.5) ? chance.between(0, 1_500) : 0;
    this.enter('leaving', durationMs);
    const answersFirst = chance.happens(0.7);
    const closeAfterMs = chance.happens(0.5) ? 0 : chance.between(0, 1_500);
    time.schedule(graceMs, 'elsewhere', () => {
      for (const session of [...this.sessions]) {
        if (session.isBound) session.unbind(answersFirst, closeAfterMs);
        else session.closed();
      }
      this.enter(chance.happens(0.2) ? 'refusing' : 'restarting', Math.max(1, durationMs - graceMs));
    });
  }

  /** The client connects. @param isAlive false once its process is gone */
  connect(signal: AbortSignal, run: number, isAlive: () => boolean): Promise<Duplex> {
    const { time, ledger } = this.service;
    return new Promise((resolve, reject) => {
      const isHanging = this.#mode === 'hanging';
      if (isHanging) ledger.saw('connection hangs');
      const waitMs = isHanging ? CONNECT_MS : 3 * this.service.weather.latencyMs();
      const cancel = time.schedule(waitMs, 'input', () => {
        if (!isAlive()) return;
        if (this.#mode === 'refusing' || isHanging) {
          if (!isHanging) ledger.saw('connection refused');
          reject(
            Object.assign(new Error('no connection'), { code: isHanging ? 'ETIMEDOUT' : 'ECONNREFUSED' }),
          );
          return;
        }
        resolve(this.#open(run).stream);
      });
      signal.addEventListener('abort', () => {
        cancel();
        reject(new Error('aborted'));
      });
    });
  }

  /** What a bind is answered; `none`: nothing. */
  judgeBind(run: number): number | 'none' {
    const { ledger, time } = this.service;
    const status = this.#bindStatus();
    ledger.binds.push({ at: time.now, run, host: this.index, status });
    return status;
  }

  bound(session: SmscSession): void {
    const { ledger, time, chance } = this.service;
    this.service.bound(session);
    if (this.#mode !== 'flapping') return;
    ledger.saw('bound, then dropped at once');
    time.schedule(chance.between(0, 300), 'input', () => session.link.cut());
  }

  #bindStatus(): number | 'none' {
    const { ledger, weather } = this.service;
    if (this.#mode === 'bindHanging' || this.#mode === 'hanging') {
      ledger.saw('bind hangs');
      return 'none';
    }
    if (this.#mode === 'restarting' || this.#mode === 'leaving') {
      ledger.saw('ESME_RBINDFAIL');
      return 0x0d;
    }
    const badLogin = weather.now('badLogin');
    if (badLogin !== undefined) ledger.saw('login refused');
    if (badLogin !== undefined) return badLogin;
    if (this.#mode !== 'alreadyBound') return 0;
    ledger.saw('ESME_RALYBND');
    return 0x05;
  }

  #open(run: number): LossyLink {
    const { time, linkWorld, links, ledger } = this.service;
    const link = new LossyLink(linkWorld);
    const session = new SmscSession(this, link, run);
    link.attach(session);
    links.push({ link, session, run });
    this.sessions.add(session);
    const watch = (): void => {
      if (!this.sessions.has(session)) return;
      if (time.now - session.heardAt >= IDLE_MS) {
        ledger.idle += 1;
        session.closed();
      } else time.schedule(IDLE_MS / 2, 'elsewhere', watch);
    };
    time.schedule(IDLE_MS, 'elsewhere', watch);
    return link;
  }
}
