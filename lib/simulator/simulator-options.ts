/** What a simulated gateway can be told at its start, and what it does otherwise. */
import { systemClock, type Clock, type Millis } from '../clock.js';
import { SmppError } from '../errors.js';
import { PASSWORD_MAX, SYSTEM_ID_MAX } from '../inmobile.js';
import type { BindMode } from '../message.js';
import type { Certificate } from './certificate.js';

export interface SimulatorOptions {
  /** Of the two hosts. Default: free ones, chosen by the system. */
  readonly ports?: readonly [number, number];
  /** The one account that may bind, at most 15 characters; default: any that is not empty. */
  readonly systemId?: string;
  /** At most 8 characters. Default: any that is not empty. */
  readonly password?: string;
  /** The one way in which the account may bind; default: any (gateway.md: individual per account). */
  readonly connectionMode?: BindMode;
  /** Default true; false: plain text, which no real gateway speaks. */
  readonly tls?: boolean;
  /** What both hosts present. Default: one for `localhost` and 127.0.0.1, signed by a CA made at start. */
  readonly certificate?: Certificate;
  /** File that the CA's certificate is written to. */
  readonly caFile?: string;
  /** submit_sm to its answer. Default 0: in the same turn. */
  readonly responseDelayMs?: Millis;
  /** The same in the scenario "answered late". Default 5000. */
  readonly slowResponseMs?: Millis;
  /** Answer to receipt. Default 100. */
  readonly receiptDelayMs?: Millis;
  /** The same in the scenario "receipt late". Default 60000. */
  readonly lateReceiptMs?: Millis;
  /** How long the parts of a long message wait for each other. Default 30000. */
  readonly partsWaitMs?: Millis;
  /** Pause before a deliver_sm that was refused for the moment is sent again. Default 1000. */
  readonly redeliverMs?: Millis;
  /** Pause between two enquire_link of the gateway. Default 30000. */
  readonly enquireLinkMs?: Millis;
  /** deliver_sm under way per session. Default 100. */
  readonly deliverWindow?: number;
  /** Accepted SMS and segments that are kept to be looked at. Default 100000; 10000 in process. */
  readonly acceptedMax?: number;
  readonly clock?: Clock;
  /** From 0 to less than 1. */
  readonly random?: () => number;
  /** One line for each thing worth knowing; no text, number or password. */
  readonly log?: (line: string) => void;
}

type WithoutDefault = 'connectionMode' | 'systemId' | 'password' | 'certificate' | 'caFile';

/** Options with their defaults. */
export type SimulatorSettings = Required<Omit<SimulatorOptions, WithoutDefault>> &
  Pick<SimulatorOptions, WithoutDefault>;

const DEFAULTS: SimulatorSettings = {
  ports: [0, 0],
  tls: true,
  responseDelayMs: 0,
  slowResponseMs: 5_000,
  receiptDelayMs: 100,
  lateReceiptMs: 60_000,
  partsWaitMs: 30_000,
  redeliverMs: 1_000,
  enquireLinkMs: 30_000,
  deliverWindow: 100,
  acceptedMax: 100_000,
  clock: systemClock,
  random: Math.random,
  log: () => undefined,
};

/** @throws SMPP_OPTIONS when nobody can log in, since SMPP has no room for the account (SMPP 3.4 §4.1.1) */
export function withDefaults(options: SimulatorOptions): SimulatorSettings {
  requireCredential('systemId', options.systemId, SYSTEM_ID_MAX);
  requireCredential('password', options.password, PASSWORD_MAX);
  return { ...DEFAULTS, ...options };
}

function requireCredential(field: string, value: unknown, lengthMax: number): void {
  const isSent =
    typeof value === 'string' && value !== '' && value.length <= lengthMax && /^[ -~]*$/.test(value);
  if (value === undefined || isSent) return;
  const message = `${field}: must be 1 to ${lengthMax} characters of printable ASCII: no client can send another`;
  throw new SmppError('SMPP_OPTIONS', message, { field });
}
