/**
 * The simulated gateway: stands in for inMobile, so that examples, tests and the demo run without an account.
 *
 * Two hosts that are one service, as gateway.md describes them. Its PDUs are made and read by the npm package
 * `smpp`, never by the client's own code. It sends nothing anywhere: it listens on 127.0.0.1, or on no port
 * at all. Contract section 5.
 */
import type { Duplex } from 'node:stream';
import type { Millis } from '../clock.js';
import type { BindMode, Unsubscribe } from '../message.js';
import type { AcceptedSegment, AcceptedSms } from './accepted-sms.js';
import type { BindAttempt, BindStatus } from './accounts.js';
import type { DeliveryOutcome, IncomingSms } from './incoming-sms.js';
import { SimulatedGateway } from './simulated-gateway.js';
import { withDefaults, type SimulatorOptions } from './simulator-options.js';

export type { AcceptedSegment, AcceptedSms, Concatenation } from './accepted-sms.js';
export type { BindAttempt, BindStatus } from './accounts.js';
export {
  makeAuthority,
  makeCertificate,
  type Authority,
  type Certificate,
  type CertificateOptions,
} from './certificate.js';
export type { DeliveryOutcome, IncomingSms } from './incoming-sms.js';
export { describeScenarios, SCENARIOS, type Scenario } from './scenario.js';
export type { SimulatorOptions } from './simulator-options.js';

/**
 * A host by its place in `hosts` (0, 1), its name, its `host:port` as in a SubmitResult, or its entry in `hosts`;
 * `all` is both.
 */
export type HostChoice = number | string | SimulatedHost;

export interface SimulatedHost {
  readonly name: 'dk1' | 'dk2';
  /** 127.0.0.1; in process, where nothing listens, the same as `name`. */
  readonly host: string;
  readonly port: number;
}

/** A session that is bound. */
export interface BoundSession {
  readonly id: number;
  /** Index of the host: 0 or 1. */
  readonly host: number;
  readonly systemId: string;
  readonly mode: BindMode;
}

export interface Simulator {
  readonly hosts: readonly SimulatedHost[];
  /** The CA that signed the hosts' certificate, in PEM; empty in process and where the caller brought his own. */
  readonly ca: string;
  /** Every SMS that was accepted, oldest first; a long one stands here once all its parts were submitted. */
  readonly accepted: readonly AcceptedSms[];
  /** Every accepted submit_sm, oldest first. */
  readonly segments: readonly AcceptedSegment[];
  readonly bindAttempts: readonly BindAttempt[];
  /** The sessions bound now. */
  readonly sessions: readonly BoundSession[];

  /**
   * A connection in process, without port and certificate, to the host named `dk1` or `dk2` (inMobile's own
   * two names are known too); the port does not matter.
   *
   * @throws Error with code ENOTFOUND for another name, ECONNREFUSED while the host is killed, and the
   *   signal's reason when it is aborted
   */
  readonly connect: (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;

  onAccepted(listener: (sms: AcceptedSms) => void): Unsubscribe;

  /**
   * Restarts as gateway.md says: submit_sm are answered ESME_RSUBMITFAIL, clients are sent an unbind and closed
   * on, binds are answered ESME_RBINDFAIL. Resolves after `ms`, when it is over.
   */
  restart(host: HostChoice, ms: Millis): Promise<void>;

  /** Keeps connections open and reads and answers nothing; what came meanwhile is read when it is over. */
  blackhole(host: HostChoice, ms: Millis): Promise<void>;

  /** Cuts every connection and takes no more, until `revive`. */
  kill(host: HostChoice): Promise<void>;
  revive(host: HostChoice): Promise<void>;

  /** Sends an SMS to an account; resolves when the client has answered every part, with the worst outcome. */
  incoming(sms: IncomingSms): Promise<DeliveryOutcome>;

  /** More submit_sm than this are answered ESME_RTHROTTLED; 0: no limit. */
  throttle(perSecond: number): void;

  /** Answers further binds of the account with this, by default ESME_RINVSYSID; ESME_ROK takes it back. */
  refuse(systemId: string, status?: BindStatus): void;

  /** Cuts every connection, stops listening and forgets every timer. Idempotent. */
  stop(): Promise<void>;
}

/**
 * A simulated gateway that listens on 127.0.0.1, with TLS.
 *
 * @throws the system's error where a port cannot be listened on, or `caFile` cannot be written
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new SimulatedGateway(withDefaults(options));
  await simulator.listen();
  return simulator;
}

/** A simulated gateway in process: reached with its `connect`, it opens no port. */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  return new SimulatedGateway(withDefaults({ acceptedMax: IN_PROCESS_ACCEPTED_MAX, ...options }));
}

/** It may run for months inside a Node-RED that nobody looks at. */
const IN_PROCESS_ACCEPTED_MAX = 10_000;
