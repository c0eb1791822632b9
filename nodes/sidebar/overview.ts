/**
 * What passes between the sidebar and the runtime, as JSON. No text of an SMS, and no number but masked ones.
 */
import type { EpochMs, Millis } from '../../lib/clock.js';
import type { GatewayStatus, QueuedSms } from '../../lib/message.js';

/** The answer to `GET …/sidebar`: every connection that runs. */
export interface Overview {
  /** By the runtime's clock, which the browser's may differ from. */
  readonly now: EpochMs;
  readonly connections: readonly ConnectionView[];
}

export interface ConnectionView {
  /** Of the connection node. */
  readonly id: string;
  readonly name: string;
  readonly status: GatewayStatus;
  readonly waitingForMs: Millis;
  readonly rates: Rates;
  /** Oldest first. */
  readonly events: readonly ConnectionEvent[];
  /** Of a connection whose gateway is the simulator in the process. */
  readonly simulator?: SimulatorView;
}

/** What happened in each of the last seconds, oldest first; all of the same length. */
export type Rates = Readonly<Record<RateName, readonly number[]>>;
export const RATE_NAMES = ['submitted', 'accepted', 'receipts'] as const;
export type RateName = (typeof RATE_NAMES)[number];

export interface ConnectionEvent {
  readonly at: EpochMs;
  readonly kind:
    | 'connecting'
    | 'connected'
    | 'hostChanged'
    | 'maintenance'
    | 'refused'
    | 'disconnected'
    | 'noConnection'
    | 'stopped';
  /** Short name of the host, such as `dk1`. */
  readonly host?: string;
  /** Why, in English; free of personal data. */
  readonly reason?: string;
}

export interface SimulatorView {
  readonly hosts: readonly SimulatedHostView[];
  /** submit_sm per second beyond which it throttles; 0: it does not. */
  readonly throttledTo: number;
}

export interface SimulatedHostView {
  readonly name: string;
  readonly isRestarting: boolean;
  /** Reads and answers nothing. */
  readonly isSilent: boolean;
}

/** The answer to `GET …/sidebar/queue`. */
export interface QueueView {
  readonly now: EpochMs;
  readonly entries: readonly QueuedSms[];
}

/** What `POST …/sidebar/cancel` asks. */
export interface CancelRequest {
  readonly connection: string;
  /** Id of the SMS. */
  readonly id: string;
}

/** What `POST …/sidebar/simulate` asks of the simulator. */
export type SimulateRequest = { readonly connection: string } & SimulatorAction;

export type SimulatorAction =
  | { readonly action: 'restart' | 'blackhole'; readonly host: string }
  | { readonly action: 'throttle'; readonly isOn: boolean }
  | { readonly action: 'incoming'; readonly from: string; readonly to: string; readonly text: string };

/** Why a change was not made; the browser has the words. */
export type RefusalCode = 'notEditor' | 'unknown' | 'tooLate' | 'busy' | 'invalid' | 'failed';

/** The answer to what was refused. */
export interface Refused {
  readonly error: { readonly code: RefusalCode };
}
