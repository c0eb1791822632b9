/**
 * What happens to an SMS: the last two digits of its recipient choose.
 *
 * Pure data, also printed as the help of `npm run simulator`. Source of the err codes: gateway.md; which stat
 * word goes with which code is *assumed*, inMobile publishes DELIVRD 000 and EXPIRED 005 only.
 */
import { PUBLISHED_ERRORS, statusCode } from '../inmobile.js';
import type { ReceiptState } from '../message.js';

/** How a submit_sm is answered. */
export type SubmitAnswer =
  | { readonly kind: 'accept' }
  /** Accepted; the answer comes late. */
  | { readonly kind: 'acceptSlowly' }
  /** Accepted; the answer never comes. */
  | { readonly kind: 'acceptSilently' }
  /** Accepted; the first time, the connection is cut instead of an answer. */
  | { readonly kind: 'acceptAndCut' }
  /** Not accepted, and never answered. */
  | { readonly kind: 'ignore' }
  /** `once`: the same SMS is accepted when it is submitted again. */
  | { readonly kind: 'refuse'; readonly status: RefusalStatus; readonly once: boolean };

export type RefusalStatus =
  'ESME_RINVDSTADR' | 'ESME_RTHROTTLED' | 'ESME_RSUBMITFAIL' | 'ESME_RMSGQFUL' | 'ESME_RSYSERR';

export interface PlannedReceipt {
  readonly state: Exclude<ReceiptState, 'NORECEIPT'>;
  readonly err: number;
  readonly when: 'beforeResponse' | 'soon' | 'late';
  /**
   * `published` as on inMobile's page · `dialect` other letter case and order, seconds, a text field ·
   * `tlv` as published, and receipted_message_id and message_state besides.
   */
  readonly form: 'published' | 'dialect' | 'tlv';
}

export interface Scenario {
  /** The last two digits of the recipient; empty for every other number. */
  readonly ending: string;
  /** One line of the help. */
  readonly says: string;
  readonly answer: SubmitAnswer;
  /** In the order in which they are sent. */
  readonly receipts: readonly PlannedReceipt[];
  /** Text of the SMS that the recipient sends back. */
  readonly reply?: string;
}

const DELIVERED: PlannedReceipt = { state: 'DELIVRD', err: 0, when: 'soon', form: 'published' };

const ORDINARY: Scenario = {
  ending: '',
  says: 'accepted, receipt DELIVRD err:000',
  answer: { kind: 'accept' },
  receipts: [DELIVERED],
};

/** Two digits for the codes that have three; the others are their own ending. */
const ENDING_OF_ERR: ReadonlyMap<number, string> = new Map([
  [100, '30'],
  [101, '31'],
  [102, '32'],
  [103, '33'],
  [104, '34'],
  [105, '35'],
  [106, '36'],
  [201, '41'],
  [202, '42'],
  [300, '43'],
  [301, '44'],
]);

/** The others are UNDELIV. */
const STATE_OF_ERR: ReadonlyMap<number, PlannedReceipt['state']> = new Map([
  [5, 'EXPIRED'],
  [22, 'EXPIRED'],
  [80, 'DELIVRD'],
  [101, 'UNKNOWN'],
  [102, 'DELETED'],
  [103, 'UNKNOWN'],
  [104, 'UNKNOWN'],
  [105, 'REJECTD'],
  [106, 'REJECTD'],
  [201, 'REJECTD'],
  [202, 'REJECTD'],
]);

/** Every scenario; the first is that of a number with no other. */
export const SCENARIOS: readonly Scenario[] = [
  ORDINARY,
  ...PUBLISHED_ERRORS.filter((err) => err !== 0).map(failure),
  receiving('50', 'accepted, no receipt', []),
  receiving('51', 'accepted, receipt late', [{ ...DELIVERED, when: 'late' }]),
  receiving('52', 'accepted, receipt before the submit_sm_resp', [{ ...DELIVERED, when: 'beforeResponse' }]),
  receiving('53', 'accepted, receipt twice', [DELIVERED, DELIVERED]),
  receiving('54', 'accepted, receipts ACCEPTD, ENROUTE and DELIVRD', [
    { ...DELIVERED, state: 'ACCEPTD' },
    { ...DELIVERED, state: 'ENROUTE' },
    DELIVERED,
  ]),
  receiving('55', 'accepted, receipt in other letter case and order, with seconds and text', [
    { ...DELIVERED, form: 'dialect' },
  ]),
  receiving('56', 'accepted, receipt with receipted_message_id and message_state', [
    { ...DELIVERED, form: 'tlv' },
  ]),
  refusing('60', 'ESME_RINVDSTADR', false),
  refusing('61', 'ESME_RTHROTTLED', true),
  refusing('62', 'ESME_RSUBMITFAIL', true),
  refusing('63', 'ESME_RMSGQFUL', true),
  refusing('64', 'ESME_RSYSERR', true),
  refusing('65', 'ESME_RSUBMITFAIL', false),
  refusing('66', 'ESME_RSYSERR', false),
  answering('67', 'accepted, never answered, receipt DELIVRD', { kind: 'acceptSilently' }),
  answering('68', 'accepted, answered late, receipt DELIVRD', { kind: 'acceptSlowly' }),
  answering('69', 'accepted, connection cut instead of the first answer', { kind: 'acceptAndCut' }),
  { ...answering('70', 'not accepted, never answered', { kind: 'ignore' }), receipts: [] },
  {
    ...ORDINARY,
    ending: '77',
    says: 'accepted, receipt DELIVRD, and the recipient answers "OK"',
    reply: 'OK',
  },
];

const BY_ENDING: ReadonlyMap<string, Scenario> = new Map(SCENARIOS.map((row) => [row.ending, row]));

/** What happens to an SMS to this number. */
export function scenarioOf(to: string): Scenario {
  return BY_ENDING.get(to.slice(-2)) ?? ORDINARY;
}

/** The table as lines of text, by ending. */
export function describeScenarios(): string {
  return [...SCENARIOS]
    .sort((one, other) => one.ending.localeCompare(other.ending))
    .map(({ ending, says }) => `  ${ending === '' ? 'other' : `…${ending}  `}  ${says}`)
    .join('\n');
}

function failure(err: number): Scenario {
  const ending = ENDING_OF_ERR.get(err) ?? String(err).padStart(2, '0');
  const state = STATE_OF_ERR.get(err) ?? 'UNDELIV';
  const says = `accepted, receipt ${state} err:${String(err).padStart(3, '0')} (${statusCode(err).errorText})`;
  return receiving(ending, says, [{ ...DELIVERED, state, err }]);
}

function receiving(ending: string, says: string, receipts: readonly PlannedReceipt[]): Scenario {
  return { ...ORDINARY, ending, says, receipts };
}

function answering(ending: string, says: string, answer: SubmitAnswer): Scenario {
  return { ...ORDINARY, ending, says, answer };
}

function refusing(ending: string, status: RefusalStatus, once: boolean): Scenario {
  const says = once ? `refused ${status} the first time, then as any other` : `refused ${status}`;
  return { ...answering(ending, says, { kind: 'refuse', status, once }), receipts: once ? [DELIVERED] : [] };
}
