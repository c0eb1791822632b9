/**
 * Rebuilds the index from the files, and says what could not be read.
 *
 * The last batch of a record wins. A line that is damaged is passed over and the next one counts again; an
 * end without LF is a write that a crash cut short: it was never acknowledged, and is passed over in silence.
 */
import { refusal } from './storage-error.js';
import { JOURNAL_VERSION, decodeLine, type Line } from './record.js';
import type { RecordIndex } from './record-index.js';
import type { Segment } from './segment.js';

export interface Replay {
  /** Octets in the files are no longer in force. */
  readonly dead: boolean;
  /** Files before this number are void. */
  readonly validFrom: number;
  /** Lines that could not be read, per file that has any. */
  readonly damaged: readonly { readonly segment: Segment; readonly lines: number }[];
  /** Files that end in the middle of a line. */
  readonly torn: readonly Segment[];
}

/**
 * Reads the segments in their order into `index`.
 * @param goOn asked before each; throws to end the work early
 * @throws SMPP_STORAGE when a file was written by a later version
 */
export async function replay(
  segments: readonly Segment[],
  index: RecordIndex,
  goOn: () => void,
): Promise<Replay> {
  const result = {
    dead: false,
    validFrom: 0,
    damaged: [] as Replay['damaged'][number][],
    torn: [] as Segment[],
  };
  for (const segment of segments) {
    goOn();
    if (await isNeedlessCopy(segment, segments)) {
      result.dead = true;
      continue;
    }
    const found = await replaySegment(segment, index).catch(async (error: unknown) => {
      if (!(await isVoid(segment, segments))) throw error;
    });
    if (found === undefined) continue;
    const { damagedLines, torn, dead, replacesEarlier } = found;
    if (replacesEarlier) {
      if (segment !== segments[0]) {
        index.clear(); // a crash has left older files behind
        await replaySegment(segment, index);
      }
      result.validFrom = segment.number;
    }
    segment.damaged = damagedLines > 0;
    if (damagedLines > 0) result.damaged.push({ segment, lines: damagedLines });
    if (torn) result.torn.push(segment);
    result.dead ||= dead || torn;
  }
  return result;
}

/**
 * Whether it is half a copy, and what it is the copy of is still there. It would take back part of a write in an earlier
 * file that was neither kept nor refused, and is there after all.
 */
async function isNeedlessCopy(segment: Segment, segments: readonly Segment[]): Promise<boolean> {
  const hasEarlier = segments.some((earlier) => earlier.number < segment.number && !earlier.isEmpty);
  return hasEarlier && (await segment.isHalfCopy());
}

/** Whether a later file has all that is in force of this one. */
async function isVoid({ number }: Segment, segments: readonly Segment[]): Promise<boolean> {
  for (const segment of segments)
    if (segment.number > number && (await segment.replacesEarlier())) return true;
  return false;
}

interface SegmentReplay {
  damagedLines: number;
  torn: boolean;
  dead: boolean;
  replacesEarlier: boolean;
}

async function replaySegment(segment: Segment, index: RecordIndex): Promise<SegmentReplay> {
  const found: SegmentReplay = { damagedLines: 0, torn: false, dead: false, replacesEarlier: false };
  for await (const lines of segment.lines()) {
    for (const { bytes, offset, torn } of lines) {
      if (torn) found.torn = true;
      else replayLine(decodeLine(bytes), { segment, offset, index, found });
    }
  }
  return found;
}

function replayLine(
  line: Line,
  {
    segment,
    offset,
    index,
    found,
  }: { segment: Segment; offset: number; index: RecordIndex; found: SegmentReplay },
): void {
  if (line.kind === 'batch') found.dead = index.apply({ ...line, segment, offset }) || found.dead;
  else if (line.kind === 'damaged') found.damagedLines++;
  else if (line.kind === 'replacesEarlier') found.replacesEarlier = true;
  else refuseOtherVersion(line.version, segment);
}

function refuseOtherVersion(version: number, segment: Segment): void {
  if (version === JOURNAL_VERSION) return;
  const which = version > JOURNAL_VERSION ? 'a later' : 'an early';
  throw refusal(
    `"${segment.path}" was written by ${which} version of this package (format ${version}): ` +
      'install that version again, or choose another storage directory. Nothing was changed.',
  );
}
