/**
 * Copies the records in force into one new file, after which all older files can go.
 *
 * Writes go on meanwhile, into a file with a higher number. The copy holds the records as they were when it
 * came to them; whatever was written since comes later in the files and wins. Its last line, written when all else
 * is on the disk, makes every older file void at once: a crash before it leaves a copy that is not
 * read, a crash after it leaves old files that are no longer looked at. So the order of
 * removal does not matter.
 */
import type { Bounds } from '../../bounds.js';
import type { FileSystem } from './file-system.js';
import { valueIn, type Piece } from './piece.js';
import { PieceReader } from './piece-reader.js';
import { encodeReplacesEarlier, Lines } from './record.js';
import { placeOf, type IndexedRecords, type Place } from './record-index.js';
import { Segment, type SegmentName } from './segment.js';

export interface Compaction {
  readonly files: FileSystem;
  readonly bounds: Bounds;
  readonly directory: string;
  readonly target: SegmentName;
  /** The index, in its order; read while others write. */
  readonly records: Iterable<IndexedRecords>;
  /** Removes what is left of the copy when it fails. */
  readonly discard: (copy: SegmentName) => Promise<void>;
  /** Throws to end the work early: the storage is closing, or has lost its lock. */
  readonly proceed: () => Promise<void>;
}

/** The copy, durable, and where the records lie in it. */
export interface Compacted {
  readonly segment: Segment;
  readonly copies: readonly (readonly [records: IndexedRecords, copy: Place])[];
  /** Records whose octets had gone bad since they were last read; they are not in the copy. */
  readonly lost: readonly IndexedRecords[];
}

/** Makes the copy. When it rejects, nothing of it is in force, and the older files are as they were. */
export async function compact(compaction: Compaction): Promise<Compacted> {
  const { files, bounds, directory, target, discard, proceed } = compaction;
  let segment: Segment | undefined;
  try {
    segment = await Segment.create(files, target, bounds, true);
    const copied = await copyRecords(compaction, segment);
    await segment.sync();
    await files.syncDirectory(directory);
    await proceed();
    await segment.append(encodeReplacesEarlier());
    return { segment, ...copied };
  } catch (error) {
    await segment?.close().catch(() => undefined);
    await discard(target);
    throw error;
  }
}

async function copyRecords(
  { records, bounds, proceed }: Compaction,
  segment: Segment,
): Promise<Pick<Compacted, 'copies' | 'lost'>> {
  const copies: [IndexedRecords, Place][] = [];
  const lost: IndexedRecords[] = [];
  const reader = new PieceReader(bounds);
  const lines = new Lines(bounds);
  for (const run of records) {
    const piece = await reader.read(run.place);
    if (piece === undefined) {
      lost.push(run);
      continue;
    }
    const part = partOf(piece, run.keys);
    const offset = segment.length + lines.length;
    for (const span of lines.add([part])) copies.push([run, placeOf(part, span, segment, offset)]);
    if (lines.length < bounds.copyOctets) continue;
    await segment.extend(lines.octets);
    lines.clear();
    await proceed();
  }
  await segment.extend(lines.octets);
  return { copies, lost };
}

/** The records of a piece that have these keys, in this order. */
function partOf(piece: Piece, keys: readonly string[]): Piece {
  return { ...piece, keys, values: keys.map((key) => valueIn(piece, key)) };
}
