/**
 * The bounds of a seed: mostly so small that a run of some SMS reaches them, at times as they are by default.
 *
 * Those at whose end something is given up are small in a few seeds only: what is given up there excuses what would
 * be a broken promise elsewhere.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../../lib/bounds.js';
import type { Chance } from './chance.js';

interface Draw {
  /** Of all seeds. */
  readonly share: number;
  readonly min: number;
  readonly max: number;
}

const OFTEN = 0.6;
/** Something is given up, or refused. */
const SELDOM = 0.06;

const DRAWS: { readonly [Bound in keyof Bounds]?: Draw } = {
  queuedSms: { share: SELDOM, min: 2, max: 10 },
  bodiesAhead: { share: OFTEN, min: 1, max: 3 },
  readsAtOnce: { share: OFTEN, min: 1, max: 3 },
  hangingReads: { share: OFTEN, min: 1, max: 2 },
  copyIds: { share: 0.12, min: 1, max: 1 },
  sameIdSms: { share: SELDOM, min: 1, max: 2 },
  failedSegments: { share: OFTEN, min: 1, max: 2 },
  lateAnswers: { share: 0.1, min: 1, max: 2 },
  bodies: { share: OFTEN, min: 1, max: 6 },
  smsInOneWrite: { share: OFTEN, min: 1, max: 4 },
  charactersInOneWrite: { share: 0.3, min: 10, max: 400 },
  segmentsAhead: { share: 0.3, min: 1, max: 8 },
  queueGaps: { share: OFTEN, min: 1, max: 8 },
  dedupeKeys: { share: SELDOM, min: 1, max: 2 },
  unknownOutcomes: { share: SELDOM, min: 1, max: 2 },
  unknownReceipts: { share: SELDOM, min: 1, max: 2 },
  referencePhones: { share: 0.1, min: 1, max: 2 },
  sendAllAhead: { share: OFTEN, min: 1, max: 4 },
  heldEvents: { share: 0.1, min: 1, max: 3 },
  eventsReadBack: { share: OFTEN, min: 1, max: 3 },
  charactersReadBack: { share: OFTEN, min: 32, max: 400 },
  heldReceipts: { share: SELDOM, min: 1, max: 3 },
  trackedSms: { share: SELDOM, min: 1, max: 12 },
  trackedOctets: { share: SELDOM, min: 200, max: 3_000 },
  recentCorrelationCharacters: { share: OFTEN, min: 8, max: 400 },
  trackedBlockOctets: { share: OFTEN, min: 64, max: 1_024 },
  trackedRoom: { share: OFTEN, min: 0, max: 4 },
  unlinkedKeys: { share: OFTEN, min: 1, max: 8 },
  sharedOutcomes: { share: OFTEN, min: 1, max: 3 },
  recentCorrelations: { share: OFTEN, min: 1, max: 4 },
  sweepEvery: { share: OFTEN, min: 1, max: 10 },
  unconfirmed: { share: 0.3, min: 1, max: 2 },
  unconfirmedCharacters: { share: 0.3, min: 1, max: 500 },
  overdueReports: { share: SELDOM, min: 1, max: 2 },
  openMessages: { share: 0.1, min: 1, max: 2 },
  openPartsOctets: { share: 0.1, min: 800, max: 2_500 },
  seenDeliveries: { share: SELDOM, min: 1, max: 5 },
  unansweredDeliveries: { share: OFTEN, min: 1, max: 4 },
  untakenOctets: { share: OFTEN, min: 32, max: 200 },
  recordsInPiece: { share: OFTEN, min: 1, max: 4 },
  lineOctets: { share: 0.1, min: 4_000, max: 8_000 },
  lineBufferOctets: { share: OFTEN, min: 64, max: 1_024 },
  keptBufferOctets: { share: OFTEN, min: 64, max: 2_048 },
  fileOctets: { share: OFTEN, min: 1_024, max: 16_384 },
  readOctets: { share: OFTEN, min: 48, max: 1_024 },
  readAheadMinOctets: { share: OFTEN, min: 16, max: 128 },
  readAheadMaxOctets: { share: OFTEN, min: 128, max: 1_024 },
  recordsInTurn: { share: OFTEN, min: 20, max: 60 },
  copyOctets: { share: OFTEN, min: 64, max: 1_024 },
  deadOctets: { share: OFTEN, min: 256, max: 8_192 },
  files: { share: OFTEN, min: 2, max: 5 },
  reserveOctets: { share: OFTEN, min: 256, max: 4_096 },
  messageOctets: { share: SELDOM, min: 800, max: 2_500 },
};

export function drawBounds(chance: Chance): Bounds {
  const bounds: Record<string, number> = { ...DEFAULT_BOUNDS };
  for (const [bound, { share, min, max }] of Object.entries(DRAWS)) {
    const drawn = chance.integer(min, max);
    if (chance.happens(share)) bounds[bound] = bound === 'trackedRoom' ? 2 ** drawn : drawn;
  }
  // One write is to be longer than a line.
  if (bounds.lineOctets === DEFAULT_BOUNDS.lineOctets) return bounds as unknown as Bounds;
  const { smsInOneWrite, charactersInOneWrite } = DEFAULT_BOUNDS;
  return { ...(bounds as unknown as Bounds), smsInOneWrite, charactersInOneWrite };
}
