/**
 * The connection doctor: goes the way to each host once, step by step, and says where it ends and why.
 *
 *     dns ──▶ tcp ──▶ tls ──▶ bind (once for each mode) ──▶ enquire_link ──▶ unbind
 *
 * A host that takes the login and drops it is not well: each bind is kept for a moment, and has to answer enquire_link.
 * It uses what a gateway connects with, so what works here works there. Not a byte of a bind is written to a
 * host that has not proven by its certificate who it is.
 * Source: contract section 4 (timers); gateway.md (connection mode is individual per account).
 */
import type { Duplex } from 'node:stream';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { refusal } from './arguments.js';
import type { Millis } from './clock.js';
import { endOfSession } from './connection/leg-end.js';
import { TURN_MS, type LoginHold } from './connection/login-hold.js';
import { loginsOf } from './connection/login-registry.js';
import { spkiPin } from './connection/pins.js';
import { SessionDriver, type SessionEnd } from './connection/session-driver.js';
import { asTransport, connectTls, type Connect, type Phase } from './connection/tls-connect.js';
import { asSmppError, printable, SmppError } from './errors.js';
import { readGatewayOptions, type GatewayOptions, type GatewaySettings } from './gateway-options.js';
import type { BindMode, DiagnosisStep, HostDiagnosis } from './message.js';
import { STATUS } from './pdu/command-status.js';
import type { SessionOptions } from './session/session.js';

export interface DiagnosisPlan {
  /** Instead of the connection mode: the modes to bind in, one after the other. */
  readonly modes?: readonly BindMode[];
  /** Addresses that are not connected to, whatever name leads to them. */
  readonly refusesAddress?: (address: string) => boolean;
  /** Only the first host of the options. */
  readonly onlyFirstHost?: boolean;
  /** How long each bind is kept, to see that it lasts. Default a second. */
  readonly keepsBindMs?: Millis;
}

/** As of a timer. */
const KEEPS_BIND_MAX_MS: Millis = 3_600_000;

/** What ends a bind that was accepted comes with the answer or within milliseconds of it. */
const KEEPS_BIND_MS: Millis = 1_000;

/**
 * Examines the way to each host. Takes a bind of the account for a moment, and submits nothing; a deliver_sm that
 * comes meanwhile is refused for now, so that the gateway delivers it again.
 *
 * A login that the gateway refuses for its credentials is not tried again, here or at the next host: accounts are
 * locked for that. It counts together with those of the account's gateways in this process.
 *
 * @throws SMPP_OPTIONS naming the option and the remedy
 */
export async function diagnose(options: GatewayOptions, plan: DiagnosisPlan = {}): Promise<HostDiagnosis[]> {
  const settings = readGatewayOptions(options);
  checkPlan(plan);
  const login = loginsOf(settings);
  const found: HostDiagnosis[] = [];
  for (const { host, port } of plan.onlyFirstHost === true ? settings.hosts.slice(0, 1) : settings.hosts) {
    const examination = new Examination({ settings, plan, login }, { host, port });
    found.push(await examination.run());
    if (examination.areCredentialsRefused) break;
  }
  return found;
}

/** @throws SMPP_OPTIONS naming the property */
function checkPlan(plan: unknown): void {
  if (typeof plan !== 'object' || plan === null) throw refusal('plan', 'an object', plan);
  const { modes, refusesAddress, onlyFirstHost, keepsBindMs } = plan as Properties;
  check(modes, isListOfModes, 'modes', 'a list of transceiver, transmitter and receiver');
  check(refusesAddress, (value) => typeof value === 'function', 'refusesAddress', 'a function');
  check(onlyFirstHost, (value) => typeof value === 'boolean', 'onlyFirstHost', 'true or false');
  check(keepsBindMs, isDuration, 'keepsBindMs', `a number of milliseconds up to ${KEEPS_BIND_MAX_MS}`);
}

function check(value: unknown, isRight: (value: unknown) => boolean, name: string, must: string): void {
  if (value !== undefined && !isRight(value)) throw refusal(`plan.${name}`, must, value);
}

type Properties = { readonly [K in keyof DiagnosisPlan]: unknown };

const MODES: readonly unknown[] = ['transceiver', 'transmitter', 'receiver'] satisfies BindMode[];

function isListOfModes(modes: unknown): boolean {
  return Array.isArray(modes) && modes.length > 0 && modes.every((mode) => MODES.includes(mode));
}

function isDuration(ms: unknown): boolean {
  return typeof ms === 'number' && ms >= 0 && ms <= KEEPS_BIND_MAX_MS;
}

type Problem = NonNullable<DiagnosisStep['problem']>;

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

class Examination {
  readonly #settings: GatewaySettings;
  readonly #login: LoginHold;
  readonly #keepsBindMs: Millis;
  readonly #modes: readonly BindMode[];
  readonly #connect: Connect;
  readonly #peer: { readonly host: string; readonly port: number };
  readonly #steps: DiagnosisStep[] = [];
  #certificate: HostDiagnosis['certificate'];
  #next: Phase | 'bind' = 'dns';
  #since: Millis;
  areCredentialsRefused = false;

  constructor(
    { settings, plan, login }: { settings: GatewaySettings; plan: DiagnosisPlan; login: LoginHold },
    peer: { host: string; port: number },
  ) {
    this.#settings = settings;
    this.#login = login;
    this.#keepsBindMs = plan.keepsBindMs ?? KEEPS_BIND_MS;
    this.#peer = peer;
    this.#modes = plan.modes ?? modesOf(settings.connectionMode);
    this.#since = settings.clock.now();
    const { tls, timers, log, connect } = settings;
    const { refusesAddress } = plan;
    this.#connect =
      connect ??
      connectTls({
        tls,
        timers,
        onWarning: (line) => log('warn', line),
        onPhase: (phase) => this.#passed(phase),
        ...(refusesAddress !== undefined && { refusesAddress }),
      });
  }

  get #name(): string {
    return `${this.#peer.host}:${this.#peer.port}`;
  }

  async run(): Promise<HostDiagnosis> {
    for (const mode of this.#modes) {
      if (!(await this.#examine(mode)) || this.areCredentialsRefused) break;
    }
    const found: Mutable<HostDiagnosis> = { host: this.#name, steps: this.#steps };
    if (this.#certificate !== undefined) found.certificate = this.#certificate;
    return found;
  }

  /** False when there is no way to bind at all. */
  async #examine(mode: BindMode): Promise<boolean> {
    let transport: Duplex;
    // A transport of somebody's own has no phases.
    this.#next = this.#settings.connect === undefined ? 'dns' : 'tcp';
    try {
      transport = await this.#reach();
    } catch (error) {
      this.#failed(this.#next, problemOf(asSmppError(error, 'SMPP_CONNECT')));
      return false;
    }
    this.#certificate ??= certificateOf(transport);
    this.#since = this.#settings.clock.now();
    transport.on('error', () => undefined); // it arrives as the end of the session
    const problem = await this.#tryToBind(transport, mode);
    if (problem === undefined) this.#steps.push({ step: 'bind', mode, tookMs: this.#tookMs() });
    else this.#failed('bind', problem, mode);
    return true;
  }

  /** The transport may be anybody's, so it is not trusted to give up by itself, nor to stop when told to. */
  #reach(): Promise<Duplex> {
    const { clock, timers } = this.#settings;
    const { host, port } = this.#peer;
    const limitMs = timers.dnsMs + timers.connectMs + timers.tlsMs;
    const abort = new AbortController();
    return new Promise((resolve, reject) => {
      const cancel = clock.after(limitMs, () => {
        const message = `${this.#name} was not reached within ${limitMs} ms`;
        reject(new SmppError('SMPP_CONNECT', message, { host: this.#name }));
        abort.abort();
      });
      const reached = (transport: Duplex): void => {
        if (abort.signal.aborted) transport.destroy();
        else resolve(transport);
      };
      const connecting = Promise.resolve().then(() => this.#connect(host, port, abort.signal));
      void connecting.then(asTransport).then(reached).catch(reject).finally(cancel);
    });
  }

  /** Resolves to why not; undefined when it was bound, lasted, and was unbound again. */
  async #tryToBind(transport: Duplex, mode: BindMode): Promise<Problem | undefined> {
    try {
      const limit = await this.#limit();
      if (limit === undefined) return await this.#bind(transport, mode);
      transport.destroy();
      return limit;
    } catch (error) {
      transport.destroy();
      return problemOf(error);
    }
  }

  /** Resolves when a login may be tried, to why not if it may not. */
  async #limit(): Promise<Problem | undefined> {
    const { clock } = this.#settings;
    let waitMs = this.#login.waitMs(this.#name, clock.now());
    while (waitMs > 0 && waitMs <= TURN_MS) {
      const untilThen = waitMs;
      await new Promise<void>((resolve) => void clock.after(untilThen, resolve));
      waitMs = this.#login.waitMs(this.#name, clock.now());
    }
    if (waitMs === 0) return undefined;
    this.areCredentialsRefused = true;
    const minutes = Math.ceil(waitMs / 60_000);
    const message = `logins were refused again and again; more could lock the account: wait ${minutes} min, and check them`;
    return { code: 'LOGIN_LIMIT', message };
  }

  #bind(transport: Duplex, mode: BindMode): Promise<Problem | undefined> {
    const { clock } = this.#settings;
    return new Promise((resolve) => {
      let boundAt: Millis | undefined;
      let lasts = false;
      let cancel = (): void => undefined;
      const driver = new SessionDriver(
        { host: this.#name, transport, session: this.#sessionOptions(mode), clock, onFault: () => undefined },
        {
          bound: () => {
            boundAt = clock.now();
            this.#login.ended(attempt, 'bound', boundAt);
            cancel = this.#whenItLasts(transport, () => {
              lasts = true;
              driver.leave();
            });
          },
          leaving: () => cancel(),
          ready: () => undefined,
          answersRead: () => undefined,
          delivery: (_delivery, respond) => respond(STATUS.ESME_RX_T_APPN),
          ignored: () => undefined,
          closed: (end) => {
            cancel();
            const { login, error } = endOfSession(this.#name, end, 0);
            if (boundAt === undefined) this.#login.ended(attempt, login, clock.now());
            this.areCredentialsRefused = login === 'refused';
            if (lasts) resolve(undefined);
            else if (boundAt !== undefined) resolve(this.#lost(end, clock.now() - boundAt));
            else resolve(error && problemOf(error));
          },
        },
      );
      driver.start();
      const attempt = this.#login.asked(this.#name);
    });
  }

  #sessionOptions(mode: BindMode): SessionOptions {
    const { systemId, password, systemType, shortSender, timers } = this.#settings;
    return {
      bind: mode,
      system_id: systemId,
      password,
      system_type: systemType,
      window: 1,
      shortSender,
      // Asked halfway, it has answered by the end if all is well.
      timers: { ...timers, enquireLinkMs: Math.max(1, this.#keepsBindMs / 2) },
    };
  }

  /** Calls back when the bind was kept for its time, and the host has said something since; returns what gives it up. */
  #whenItLasts(transport: Duplex, done: () => void): () => void {
    let isHeard = false;
    let isOver = false;
    let wasKept = false;
    const look = (): void => {
      if (!isHeard || !wasKept || isOver) return;
      isOver = true;
      done();
    };
    transport.on('data', () => {
      isHeard = true;
      look();
    });
    const cancel = this.#settings.clock.after(this.#keepsBindMs, () => {
      wasKept = true;
      look();
    });
    return () => {
      isOver = true;
      cancel();
    };
  }

  #lost({ reason, cause }: SessionEnd, afterMs: Millis): Problem {
    const [code, words] = LOST[reason] ?? (['CUT_AFTER_BIND', 'closed the connection'] as const);
    const why = cause !== undefined && 'code' in cause ? ` (${String(cause.code)})` : '';
    const message = `${this.#name} accepted the login and ${words}${why} after ${Math.round(afterMs)} ms: ${ADVICE}`;
    return { code, message: printable(message) };
  }

  /** Said once, by the first of several connections. */
  #passed(phase: Phase): void {
    this.#next = phase === 'dns' ? 'tcp' : 'tls';
    const isKnown = this.#steps.some(({ step }) => step === phase);
    const tookMs = this.#tookMs();
    if (!isKnown) this.#steps.push({ step: phase, tookMs });
  }

  #failed(step: DiagnosisStep['step'], problem: Problem, mode?: BindMode): void {
    const tookMs = this.#tookMs();
    this.#steps.push(mode === undefined ? { step, tookMs, problem } : { step, mode, tookMs, problem });
  }

  #tookMs(): Millis {
    const now = this.#settings.clock.now();
    const tookMs = Math.round(now - this.#since);
    this.#since = now;
    return tookMs;
  }
}

function modesOf(mode: GatewaySettings['connectionMode']): readonly BindMode[] {
  return mode === 'pair' ? ['transmitter', 'receiver'] : [mode];
}

/** How a bind that was accepted did not last. */
const LOST: Partial<Record<SessionEnd['reason'], readonly [code: string, words: string]>> = {
  unbound: ['UNBOUND_AFTER_BIND', 'ended the session with unbind'],
  dead: ['SILENT_AFTER_BIND', 'did not answer enquire_link'],
  protocol: ['PROTOCOL_AFTER_BIND', 'sent octets that are no SMPP 3.4'],
};

const ADVICE =
  'it may be restarting (a couple of minutes), or the account has no bind free because another client uses it; ' +
  'if it stays so, ask inMobile';

function problemOf(thrown: unknown): Problem {
  const error = asSmppError(thrown, 'SMPP_PROTOCOL');
  return { code: codeOf(error), message: error.message };
}

/** The most telling name of what went wrong. */
function codeOf({ code, status, cause }: SmppError): string {
  if (status !== undefined) return status;
  const inner: unknown = (cause as { readonly code?: unknown } | undefined)?.code;
  return typeof inner === 'string' ? inner : code;
}

function certificateOf(transport: Duplex): HostDiagnosis['certificate'] {
  if (!(transport instanceof TLSSocket)) return undefined;
  // Null once the socket is closed, which the types do not say.
  const shown = transport.getPeerCertificate() as Partial<PeerCertificate> | null;
  if (shown?.raw === undefined) return undefined;
  const certificate = new X509Certificate(shown.raw);
  const issuer = /^(?:CN|O)=(.*)$/m.exec(certificate.issuer)?.[1] ?? '';
  return { issuer, expiresAt: Date.parse(certificate.validTo), pin: spkiPin(certificate) };
}
