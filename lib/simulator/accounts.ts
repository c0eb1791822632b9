/**
 * Who may bind to the simulated gateway, and how.
 *
 * Source: gateway.md (credentials and connection mode are individual per account). That a bind of the wrong
 * kind is answered ESME_RBINDFAIL is *assumed*.
 */
import { errors } from 'smpp';
import type { Millis } from '../clock.js';
import type { BindMode } from '../message.js';
import type { SimulatorSettings } from './simulator-options.js';

/** What a bind can be refused with; `ESME_ROK` takes an earlier refusal back. */
export type BindStatus =
  'ESME_ROK' | 'ESME_RINVSYSID' | 'ESME_RINVPASWD' | 'ESME_RBINDFAIL' | 'ESME_RALYBND' | 'ESME_RSYSERR';

export interface Login {
  readonly systemId: string;
  readonly password: string;
  readonly mode: BindMode;
}

/** One bind that a client attempted. */
export interface BindAttempt extends Omit<Login, 'password'> {
  /** Index of the host: 0 or 1. */
  readonly host: number;
  readonly command_status: number;
  /** Monotonic. */
  readonly at: Millis;
}

export class Accounts {
  readonly #settings: SimulatorSettings;
  readonly #refused = new Map<string, BindStatus>();

  constructor(settings: SimulatorSettings) {
    this.#settings = settings;
  }

  refuse(systemId: string, status: BindStatus): void {
    this.#refused.set(systemId, status);
  }

  /** The command_status that answers this bind. */
  check({ systemId, password, mode }: Login): number {
    const refused = this.#refused.get(systemId) ?? 'ESME_ROK';
    if (refused !== 'ESME_ROK') return errors[refused];
    const expected = this.#settings;
    if (!isAsExpected(systemId, expected.systemId)) return errors.ESME_RINVSYSID;
    if (!isAsExpected(password, expected.password)) return errors.ESME_RINVPASWD;
    return isAsExpected(mode, expected.connectionMode) ? errors.ESME_ROK : errors.ESME_RBINDFAIL;
  }
}

const isAsExpected = (value: string, expected: string | undefined): boolean =>
  expected === undefined ? value !== '' : value === expected;
