/**
 * The connection doctor: goes the way to each host once, step by step, and says where it ends and why.
 *
 *     dns ──▶ tcp ──▶ tls ──▶ bind (once for each mode) ──▶ unbind
 *
 * It uses what a gateway connects with, so what works here works there. Not a byte of a bind is written to a
 * host that has not proven by its certificate who it is.
 * Source: contract section 4 (timers); gateway.md (connection mode is individual per account).
 */
import type { Duplex } from 'node:stream';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import type { Millis } from './clock.js';
import { endOfSession } from './connection/leg-end.js';
import { spkiPin } from './connection/pins.js';
import { SessionDriver } from './connection/session-driver.js';
import { connectTls, type Connect, type Phase } from './connection/tls-connect.js';
import { asSmppError, SmppError } from './errors.js';
import { readGatewayOptions, type GatewayOptions, type GatewaySettings } from './gateway-options.js';
import type { BindMode, DiagnosisStep, HostDiagnosis } from './message.js';
import { commandStatus, STATUS } from './pdu/command-status.js';

export interface DiagnosisPlan {
  /** Instead of the connection mode: the modes to bind in, one after the other. */
  readonly modes?: readonly BindMode[];
  /** Addresses that are not connected to, whatever name leads to them. */
  readonly refusesAddress?: (address: string) => boolean;
}

/**
 * Examines the way to each host. Takes a bind of the account for a moment, and submits nothing; a deliver_sm that
 * comes meanwhile is refused for now, so that the gateway delivers it again.
 *
 * A login that the gateway refuses for its credentials is not tried again, here or at the next host: accounts are
 * locked for that.
 *
 * @throws SMPP_OPTIONS naming the option and the remedy
 */
export async function diagnose(options: GatewayOptions, plan: DiagnosisPlan = {}): Promise<HostDiagnosis[]> {
  const settings = readGatewayOptions(options);
  const found: HostDiagnosis[] = [];
  for (const { host, port } of settings.hosts) {
    const examination = new Examination(settings, plan, { host, port });
    found.push(await examination.run());
    if (examination.areCredentialsRefused) break;
  }
  return found;
}

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

class Examination {
  readonly #settings: GatewaySettings;
  readonly #modes: readonly BindMode[];
  readonly #connect: Connect;
  readonly #peer: { readonly host: string; readonly port: number };
  readonly #steps: DiagnosisStep[] = [];
  #certificate: HostDiagnosis['certificate'];
  #next: Phase | 'bind' = 'dns';
  #since: Millis;
  areCredentialsRefused = false;

  constructor(settings: GatewaySettings, plan: DiagnosisPlan, peer: { host: string; port: number }) {
    this.#settings = settings;
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
      this.#failed(this.#next, asSmppError(error, 'SMPP_CONNECT'));
      return false;
    }
    this.#certificate ??= certificateOf(transport);
    this.#since = this.#settings.clock.now();
    const refusal = await this.#bind(transport, mode).catch((error: unknown) => {
      transport.destroy();
      return asSmppError(error, 'SMPP_PROTOCOL');
    });
    if (refusal === undefined) this.#steps.push({ step: 'bind', mode, tookMs: this.#tookMs() });
    else this.#failed('bind', refusal, mode);
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
      void connecting.then(reached).catch(reject).finally(cancel);
    });
  }

  /** Resolves to why not; undefined when it was bound, and unbound again. */
  #bind(transport: Duplex, mode: BindMode): Promise<SmppError | undefined> {
    const { systemId, password, systemType, shortSender, timers, clock } = this.#settings;
    transport.on('error', () => undefined); // it arrives as the end of the session
    const account = { bind: mode, system_id: systemId, password, system_type: systemType };
    const session = { ...account, window: 1, shortSender, timers };
    return new Promise((resolve) => {
      let isBound = false;
      const driver = new SessionDriver(
        { host: this.#name, transport, session, clock, onFault: () => undefined },
        {
          bound: () => {
            isBound = true;
            driver.leave();
          },
          leaving: () => undefined,
          ready: () => undefined,
          delivery: (_delivery, respond) => respond(STATUS.ESME_RX_T_APPN),
          ignored: () => undefined,
          closed: (end) => {
            if (end.status !== undefined && commandStatus(end.status).class === 'credentials')
              this.areCredentialsRefused = true;
            resolve(isBound ? undefined : endOfSession(this.#name, end, 0).error);
          },
        },
      );
      driver.start();
    });
  }

  /** Said once, by the first of several connections. */
  #passed(phase: Phase): void {
    this.#next = phase === 'dns' ? 'tcp' : 'tls';
    const isKnown = this.#steps.some(({ step }) => step === phase);
    const tookMs = this.#tookMs();
    if (!isKnown) this.#steps.push({ step: phase, tookMs });
  }

  #failed(step: DiagnosisStep['step'], error: SmppError, mode?: BindMode): void {
    const problem = { code: codeOf(error), message: error.message };
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
