/**
 * Copies the records in force into one new file, after which all older files can go.
 *
 * Writes go on meanwhile, into a file with a higher number. The copy holds the records as they were when it
 * began; whatever was written since comes later in the files and wins. Its last line, written when all else
 * is on the disk, makes every older file void at once: a crash before it leaves a copy that changes nothing,
 * a crash after it leaves old files that are no longer looked at. So the order of removal does not matter.
 */
import type { FileSystem } from './file-system.js';
import { PieceReader } from './piece-reader.js';
import { encodeReplacesEarlier, isIntact, lineOfPiece } from './record.js';
import type { IndexedRecord, Place } from './record-index.js';
import { Segment, type SegmentName } from './segment.js';

export interface Compaction {
  readonly files: FileSystem;
  readonly directory: string;
  readonly target: SegmentName;
  /** Snapshot of the index, in its order. */
  readonly records: readonly IndexedRecord[];
  /** Throws to end the work early: the storage is closing, or has lost its lock. */
  readonly proceed: () => Promise<void>;
}

/** The copy, durable, and where each record lies in it. */
export interface Compacted {
  readonly segment: Segment;
  readonly copies: readonly (readonly [record: IndexedRecord, copy: Place])[];
  /** Records whose octets had gone bad since they were last read; they are not in the copy. */
  readonly lost: readonly IndexedRecord[];
}

/** Makes the copy. When it rejects, nothing of it is left, and the older files are as they were. */
export async function compact(compaction: Compaction): Promise<Compacted> {
  const { files, directory, target, proceed } = compaction;
  const segment = await Segment.create(files, target);
  try {
    const copied = await copyRecords(compaction, segment);
    await segment.sync();
    await files.syncDirectory(directory);
    await proceed();
    await segment.append([encodeReplacesEarlier()]);
    return { segment, ...copied };
  } catch (error) {
    await segment.close().catch(() => undefined);
    await files.remove(target.path).catch(() => undefined);
    throw error;
  }
}

/** About two hundred records: a millisecond's work between two turns of the event loop. */
const CHUNK_OCTETS = 64 * 1024;

async function copyRecords(
  { records, proceed }: Compaction,
  segment: Segment,
): Promise<Pick<Compacted, 'copies' | 'lost'>> {
  const copies: [IndexedRecord, Place][] = [];
  const lost: IndexedRecord[] = [];
  const reader = new PieceReader();
  let lines: Buffer[] = [];
  let octets = 0;
  for (const record of records) {
    const piece = await reader.read(record.place);
    if (!isIntact(piece)) {
      lost.push(record);
      continue;
    }
    const offset = segment.length + octets + 1;
    copies.push([record, { segment, offset, length: piece.length, keepUntil: record.place.keepUntil }]);
    const line = lineOfPiece(piece);
    lines.push(line);
    octets += line.length;
    if (octets < CHUNK_OCTETS) continue;
    await segment.extend(Buffer.concat(lines));
    await proceed();
    lines = [];
    octets = 0;
  }
  await segment.extend(Buffer.concat(lines));
  return { copies, lost };
}
