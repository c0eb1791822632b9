/**
 * The options of a gateway: their types, their defaults, and the check that they make sense.
 *
 * Source: contract section 2; gateway.md (hosts, port, credentials, TLS).
 */
import * as v from 'valibot';
import { NPI_MAX, SHORT_SENDER, TON_MAX, type AddressType } from './address-type.js';
import { systemClock, type Clock } from './clock.js';
import type { Connect } from './connection/tls-connect.js';
import { refusal as wrongType } from './arguments.js';
import { printable, SmppError } from './errors.js';
import { limitedLog } from './failure-log.js';
import { INMOBILE_HOSTS, INMOBILE_PORT, PASSWORD_MAX, SYSTEM_ID_MAX } from './inmobile.js';
import type { OnUncertain } from './message.js';
import type { SmsDefaults } from './outbox/read-sms.js';
import { readCountry } from './phone-number.js';
import { readSender } from './sender.js';
import { DEFAULT_TIMERS, type Timers } from './timers.js';

export interface TlsOptions {
  /** Certificates in PEM that are trusted besides the built-in roots. */
  readonly ca?: string;
  /** SHA-256 of public keys (SPKI) in base64; in addition to chain and name, never instead. */
  readonly pins?: readonly string[];
  /** Default `warn`. */
  readonly pinMode?: 'warn' | 'enforce';
  /** Our own certificate and its key in PEM, for a gateway that asks for one. */
  readonly cert?: string;
  readonly key?: string;
}

export interface GatewayOptions {
  /** Default inMobile's two, port 2775. */
  readonly hosts?: readonly { readonly host: string; readonly port?: number }[];
  /** At most 15 characters. */
  readonly systemId: string;
  /** At most 8 characters: SMPP's field holds no more. */
  readonly password: string;
  /** At most 12 characters. */
  readonly systemType?: string;
  /** The `from` of an SMS that names none. */
  readonly sender?: string;
  /**
   * ISO code of the country, such as `DK`, whose numbers may lack their country code: `12 34 56 78` is `4512345678`.
   * Without one a number that is not valid internationally is refused.
   */
  readonly defaultCountry?: string;
  /** `pair`: one transmitter and one receiver bind. Default `transceiver`. */
  readonly connectionMode?: 'transceiver' | 'transmitter' | 'receiver' | 'pair';
  /** One host at a time, or bound to every host at once. Default `failover`. */
  readonly links?: 'failover' | 'both';
  /** `false` is plain TCP and goes to loopback addresses only. */
  readonly tls?: TlsOptions | false;
  /** submit_sm under way per link. Default 10. */
  readonly window?: number;
  /**
   * Type of number and numbering plan of a sender of up to 8 digits. Default 3 and 0, a short code of the network; a
   * longer number has 1 and 1, letters 5 and 0.
   */
  readonly shortSender?: AddressType;
  /** Over the account. Default: no limit of ours. */
  readonly segmentsPerSecond?: number;
  /** Default `resend`. */
  readonly onUncertain?: OnUncertain;
  /** Default `{ kind: 'memory' }`. */
  readonly storage?: StorageOptions;
  readonly timers?: Partial<Timers>;
  /** The transport seam: anything that gives a connected stream. Replaces `tls`. */
  readonly connect?: Connect;
  /**
   * Where state changes are told, a line each, without personal data. Default: nowhere. Nothing comes of it when it
   * throws, or returns a promise that rejects.
   */
  readonly log?: (level: 'info' | 'warn' | 'error', line: string) => void;
  /** Time, for tests. */
  readonly clock?: Clock;
}

export type StorageOptions =
  { readonly kind: 'memory' } | { readonly kind: 'disk'; readonly directory: string };

/** Options with every default filled in. */
export type GatewaySettings = Required<
  Omit<GatewayOptions, 'segmentsPerSecond' | 'connect' | 'timers' | 'hosts' | 'sender' | 'defaultCountry'>
> & {
  readonly sms: SmsDefaults;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly timers: Timers;
  readonly segmentsPerSecond: number | undefined;
  readonly connect: Connect | undefined;
};

const HOSTS_MAX = 16;
/** SMPP 3.4 §4.1.1: 13 octets with the NUL. */
const SYSTEM_TYPE_MAX = 12;
const WINDOW_DEFAULT = 10;
/** A window of more is a mistake: each is an SMS that may be sent twice when the link breaks. */
const WINDOW_MAX = 10_000;
/** An hour; longer than this a timer of ours protects nobody. */
const TIMER_MAX_MS = 3_600_000;

/** Every check has a sentence of its own: it is read in a form, and must not quote a secret. */
const text = (max: number) =>
  v.pipe(
    v.string('it is text'),
    v.maxLength(max, `it has at most ${max} characters`),
    v.regex(/^[\x20-\x7e]*$/, 'it has printable ASCII characters only'),
  );
const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.number('it is a number'),
    v.integer('it is a whole number'),
    v.minValue(min, `it is at least ${min}`),
    v.maxValue(max, `it is at most ${max}`),
  );
const credential = (max: number) =>
  v.pipe(text(max), v.minLength(1, 'it is missing: inMobile gave it to you with the account'));
const pem = v.pipe(
  v.string('it is text'),
  v.includes('-----BEGIN ', 'it is in PEM form, with its BEGIN line'),
);
const callback = <T>() => v.custom<T>((value) => typeof value === 'function', 'it is a function');

/** Other properties are let be, so that the simulator's own list can be handed over. */
const HOST = v.object(
  {
    host: v.pipe(
      v.string('it is a host name'),
      v.regex(
        /^[A-Za-z0-9._:-]{1,253}$/,
        'it is a host name or address alone, without scheme, path or spaces',
      ),
    ),
    port: v.optional(wholeNumber(1, 65_535), INMOBILE_PORT),
  },
  'it has a host and a port',
);

const TLS = v.strictObject(
  {
    ca: v.optional(pem),
    pins: v.optional(
      v.array(
        v.pipe(
          v.string('it is text'),
          v.regex(/^\s*(sha256\/)?[A-Za-z0-9+/]{43}=\s*$/, 'it is the SHA-256 of a public key, in base64'),
        ),
        'it is a list of pins',
      ),
    ),
    pinMode: v.optional(v.picklist(['warn', 'enforce'], 'it is warn or enforce')),
    cert: v.optional(pem),
    key: v.optional(pem),
  },
  'it is an object with ca, pins, pinMode, cert and key, or false',
);

const ADDRESS_TYPE = v.strictObject(
  { ton: wholeNumber(0, TON_MAX), npi: wholeNumber(0, NPI_MAX) },
  'it has a ton and an npi',
);

const STORAGE = v.variant(
  'kind',
  [
    v.strictObject({ kind: v.literal('memory') }),
    v.strictObject({
      kind: v.literal('disk'),
      directory: v.pipe(v.string('it is text'), v.minLength(1, 'it is empty')),
    }),
  ],
  'its kind is memory, or disk with a directory',
);

const SCHEMA = v.strictObject(
  {
    hosts: v.optional(
      v.pipe(
        v.array(HOST, 'it is a list of hosts'),
        v.minLength(1, 'it names at least one host'),
        v.maxLength(HOSTS_MAX, `it names at most ${HOSTS_MAX} hosts`),
      ),
      () => INMOBILE_HOSTS.map((host) => ({ host, port: INMOBILE_PORT })),
    ),
    systemId: credential(SYSTEM_ID_MAX),
    password: credential(PASSWORD_MAX),
    systemType: v.optional(text(SYSTEM_TYPE_MAX), ''),
    sender: v.optional(v.string('it must be text')),
    defaultCountry: v.optional(v.string('it must be text')),
    connectionMode: v.optional(
      v.picklist(
        ['transceiver', 'transmitter', 'receiver', 'pair'],
        'it is transceiver, transmitter, receiver or pair',
      ),
      'transceiver',
    ),
    links: v.optional(v.picklist(['failover', 'both'], 'it is failover or both'), 'failover'),
    tls: v.optional(
      v.lazy((value) => (value === false ? v.literal(false) : TLS)),
      {},
    ),
    window: v.optional(wholeNumber(1, WINDOW_MAX), WINDOW_DEFAULT),
    shortSender: v.optional(ADDRESS_TYPE, SHORT_SENDER),
    segmentsPerSecond: v.optional(
      v.pipe(
        v.number('it is a number'),
        v.minValue(0.01, 'it is more than 0: leave it out for no limit'),
        v.maxValue(1_000_000, 'it is at most 1000000'),
      ),
    ),
    onUncertain: v.optional(
      v.picklist(['resend', 'reconcile', 'report'], 'it is resend, reconcile or report'),
      'resend',
    ),
    storage: v.optional(STORAGE, { kind: 'memory' }),
    timers: v.optional(
      v.strictObject(
        v.entriesFromList(
          Object.keys(DEFAULT_TIMERS) as (keyof Timers)[],
          v.optional(wholeNumber(1, TIMER_MAX_MS)),
        ),
      ),
      {},
    ),
    connect: v.optional(callback<Connect>()),
    log: v.optional(callback<Required<GatewayOptions>['log']>(), () => () => undefined),
    clock: v.optional(
      v.custom<Clock>((value) => typeof value === 'object' && value !== null, 'it is a clock'),
      () => systemClock,
    ),
  },
  'must be an object with systemId and password',
);

/**
 * Checks the options and fills in the defaults.
 *
 * @throws SMPP_OPTIONS naming the option and the remedy; a secret is never quoted
 */
export function readGatewayOptions(options: GatewayOptions): GatewaySettings {
  const read = v.safeParse(SCHEMA, options);
  if (!read.success) throw refusal(read.issues[0]);
  const { timers, segmentsPerSecond, connect, log, sender, defaultCountry, ...rest } = read.output;
  return {
    sms: readSmsDefaults({ sender, defaultCountry }),
    ...(rest as Omit<GatewaySettings, 'timers' | 'segmentsPerSecond' | 'connect' | 'log' | 'sms'>),
    log: limitedLog(apart(log), rest.clock),
    timers: { ...DEFAULT_TIMERS, ...(timers as Partial<Timers>) },
    segmentsPerSecond,
    connect,
  };
}

/**
 * What holds for an SMS that does not say otherwise; a blank option counts as none.
 *
 * @throws SMPP_OPTIONS naming the option and the remedy
 */
export function readSmsDefaults(options: {
  readonly sender?: string | undefined;
  readonly defaultCountry?: string | undefined;
}): SmsDefaults {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null)
    throw wrongType('options', 'an object with sender and defaultCountry', given);
  const { sender = '', defaultCountry = '' } = options;
  if (typeof sender !== 'string') throw wrongType('sender', 'text', sender);
  if (typeof defaultCountry !== 'string') throw wrongType('defaultCountry', 'text', defaultCountry);
  return {
    sender: sender.trim() === '' ? undefined : readSender(sender, 'sender'),
    defaultCountry: readCountry(defaultCountry),
  };
}

/** That one line could not be written must not cost an SMS, a session or the process. */
function apart(log: GatewaySettings['log']): GatewaySettings['log'] {
  return (level, line) => {
    const written = async (): Promise<void> => log(level, printable(line));
    written().catch(() => undefined);
  };
}

function refusal(issue: v.BaseIssue<unknown>): SmppError {
  const field = v.getDotPath(issue) ?? 'options';
  const message =
    issue.type === 'strict_object' && issue.expected === 'never' ? 'there is no such option' : issue.message;
  const isMissing = issue.type === 'strict_object' && issue.received === 'undefined';
  return new SmppError('SMPP_OPTIONS', `${field}: ${isMissing ? 'it is missing' : message}`, { field });
}
