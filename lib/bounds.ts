/**
 * How much of anything is held, or done at once: every queue, map and buffer has its end here.
 *
 * An internal option, handed down by `engine.ts` and the storage engines: nobody has to choose it, and tests make it so
 * small that each end is met. Not here: what SMPP, inMobile or the contract fix (lengths of fields, attempts), times
 * (`timers.ts`), and buffers of a module that hold nothing between two calls (`lib/text`).
 */

/** Whole numbers; all from 1 on. */
export interface Bounds {
  // The outbox

  /** SMS taken in and not settled. A queue of this length is a fault upstream: the next is refused, SMPP_QUEUE_FULL. */
  readonly queuedSms: number;
  /** SMS in line whose content is in memory. The others cost an index entry each, and are read back. */
  readonly bodies: number;
  /** Read back besides, of those that stand first without it: it is there when their turn comes. */
  readonly bodiesAhead: number;
  /** Reads of SMS under way: Node reads files with four threads, and more would wait there, out of our order. */
  readonly readsAtOnce: number;
  /** Reads besides that hang. With so many it is the whole disk, and no more are begun until one of them ends. */
  readonly hangingReads: number;
  /** SMS taken in by one write. The next begin another. A list has one of its own, and is read so many in one turn. */
  readonly smsInOneWrite: number;
  /** Characters of these, of text and correlation: at six octets each they stay within `lineOctets`. As `smsInOneWrite`. */
  readonly charactersInOneWrite: number;
  /** Segments marked as under way that have not left, over all links: the rest is marked when some of them have. */
  readonly segmentsAhead: number;
  /** Gaps in the list of the queue, and in each of its lines, below which closing them is not worth its while. */
  readonly queueGaps: number;
  /** Dedupe keys held, some hundred octets each. The oldest is given up: an SMS with it is sent. */
  readonly dedupeKeys: number;
  /** Submissions of unknown outcome that are remembered for receipts that may come. The oldest is forgotten. */
  readonly unknownOutcomes: number;
  /** Recipients of long SMS whose last reference is remembered, a minute mostly. The oldest is forgotten. */
  readonly referencePhones: number;
  /** SMS that `sendAll` has taken from its list and not handed back. It reads on when a result was taken. */
  readonly sendAllAhead: number;

  // Results, receipts, incoming SMS

  /** Events of a kind that wait for a listener, a key in memory each. The oldest is given up, and the log says so. */
  readonly heldEvents: number;
  /** Those of them that are read back together. The next are read when these were handed over. */
  readonly eventsReadBack: number;
  /** Characters of their records; as `eventsReadBack`. */
  readonly charactersReadBack: number;
  /** Receipts that wait for their SMS to become known: 60 s of 160 a second. The oldest goes on unmatched. */
  readonly heldReceipts: number;
  /** Ids of receipts that belong to no SMS, so that none is taken for that of a later SMS. The oldest is forgotten. */
  readonly unknownReceipts: number;
  /**
   * Accepted SMS that receipts are matched to: three days at two a second, and 70 MB outside the heap (measured: 141
   * octets each, without their correlations). The oldest hundredth gives way; its receipts come unmatched.
   */
  readonly trackedSms: number;
  /**
   * Message ids of tracked SMS beside those of their results, of copies and halves; and as many of segments of SMS that are
   * not settled. The oldest are forgotten; their receipts come unmatched.
   */
  readonly copyIds: number;
  /**
   * SMS with one message id among which that of a receipt is looked for: a gateway may give all the same. Older ones count
   * no more, nor do ids of one hash beyond 255 times as many.
   */
  readonly sameIdSms: number;
  /**
   * Long SMS of which some segment has failed, and whose others have not all come: so many receipts, half a kilobyte each,
   * are kept for the verdict. The oldest is forgotten: that verdict has no text.
   */
  readonly failedSegments: number;
  /** Octets outside the heap that tracked SMS are put into together. A larger one has as many for itself. */
  readonly trackedBlockOctets: number;
  /** Tracked SMS that there is room for from the start, a power of two; more when more are stored. It is doubled. */
  readonly trackedRoom: number;
  /** Keys of tracked SMS that stand in no chain yet: whoever looks for one waits for microseconds. Then they are put there. */
  readonly unlinkedKeys: number;
  /** Different outcomes that tracked SMS share, below 65 535. A further one is kept for its SMS alone. */
  readonly sharedOutcomes: number;
  /**
   * Octets outside the heap that tracked SMS take: most of it by their correlations, where storage is volatile. As
   * `trackedSms`.
   */
  readonly trackedOctets: number;
  /** SMS accepted last whose correlation, which may be a whole message of a flow, is in memory. Others are read back. */
  readonly recentCorrelations: number;
  /** Characters of these; as `recentCorrelations`. */
  readonly recentCorrelationCharacters: number;
  /** Additions to what ends by itself, after which that which has ended is taken out; most that is taken out in one turn. */
  readonly sweepEvery: number;
  /**
   * Events of a kind that one listener was given and has not confirmed. It is given no more until it has confirmed some;
   * others are, and what it misses waits in storage. Also receipts that wait for their turn, or before all SMS are read:
   * beyond these the gateway is asked to send again later.
   */
  readonly unconfirmed: number;
  /** Characters of these, about; as `unconfirmed`. */
  readonly unconfirmedCharacters: number;
  /** SMS told as overdue to listeners that have not all confirmed it. The oldest is given up, till a restart. */
  readonly overdueReports: number;
  /** Incoming long SMS that wait for a part. The one that has waited longest is given up as it is. */
  readonly openMessages: number;
  /** Octets on the heap that their parts take; as `openMessages`. */
  readonly openPartsOctets: number;
  /**
   * Octets on the heap that the parts of one of them take: no SMS has a tenth of it, and its record fits into a line. It is
   * given up as it is, and the next part begins another.
   */
  readonly messageOctets: number;
  /**
   * deliver_sm whose answers the gateway may not have read, some 200 octets each: those of about a second. The oldest is
   * forgotten: if it comes again it comes out twice.
   */
  readonly seenDeliveries: number;

  // Each session

  /** submit_sm given up without an answer that still counts when it comes. The oldest is forgotten. */
  readonly lateAnswers: number;
  /** deliver_sm that are not answered yet. Reading stops there, and goes on at half of it. */
  readonly unansweredDeliveries: number;
  /**
   * Octets that the peer has not taken: more than any usual window holds, so that two that send much to each other do not
   * both wait to be read. Beyond it we read no more until it has, or one that asks and never listens would have its
   * answers fill the memory.
   */
  readonly untakenOctets: number;

  // The journal

  /** Records that one piece puts: who reads one of them reads them all. The next begin another piece. */
  readonly recordsInPiece: number;
  /** Octets of a line, which is one batch: reading one must not take all memory. A longer one is refused. */
  readonly lineOctets: number;
  /** Octets that the buffer of a group has from the start: room for the lines of some hundred SMS. It is doubled. */
  readonly lineBufferOctets: number;
  /** Octets of a buffer that is used again. One that had to grow beyond is made anew. */
  readonly keptBufferOctets: number;
  /** Octets of a file: what one damaged file costs; also keeps every offset a small integer. Then another is begun. */
  readonly fileOctets: number;
  /** Octets of a file in one read at the start, some thousand records: then the event loop is free again. */
  readonly readOctets: number;
  /** Octets read ahead at a single record, a page: costs as much to read as the record does. */
  readonly readAheadMinOctets: number;
  /** Octets read ahead at most, when records that follow each other are read in their order. */
  readonly readAheadMaxOctets: number;
  /** Records that are looked at between two turns of the event loop, where each takes no time to speak of. */
  readonly recordsInTurn: number;
  /** Octets copied by a compaction between two turns of the event loop: about three hundred records. */
  readonly copyOctets: number;
  /** Dead octets in the files below which a compaction would cost more than it frees: some seconds' worth at full speed. */
  readonly deadOctets: number;
  /** Files: each run leaves one behind, and each is kept open. Beyond it they are compacted into one. */
  readonly files: number;
  /** Octets kept free for results on a full disk: room for some 4000. With them in use nothing is taken in. */
  readonly reserveOctets: number;
}

export const DEFAULT_BOUNDS: Bounds = {
  queuedSms: 1_000_000,
  bodies: 5_000,
  bodiesAhead: 64,
  readsAtOnce: 4,
  hangingReads: 16,
  smsInOneWrite: 256,
  charactersInOneWrite: 8_000_000,
  segmentsAhead: 20_000,
  queueGaps: 64,
  dedupeKeys: 100_000,
  unknownOutcomes: 10_000,
  referencePhones: 10_000,
  sendAllAhead: 2_000,
  heldEvents: 100_000,
  eventsReadBack: 1_000,
  charactersReadBack: 4_000_000,
  heldReceipts: 10_000,
  unknownReceipts: 10_000,
  trackedSms: 500_000,
  copyIds: 10_000,
  sameIdSms: 100,
  failedSegments: 10_000,
  trackedBlockOctets: 64 * 1024,
  trackedRoom: 1_024,
  unlinkedKeys: 1_000,
  sharedOutcomes: 1_000,
  trackedOctets: 256 * 1024 * 1024,
  recentCorrelations: 1_000,
  recentCorrelationCharacters: 4_000_000,
  sweepEvery: 1_000,
  unconfirmed: 10_000,
  unconfirmedCharacters: 4_000_000,
  overdueReports: 10_000,
  openMessages: 1_000,
  openPartsOctets: 20_000_000,
  messageOctets: 1_000_000,
  seenDeliveries: 100_000,
  lateAnswers: 2_000,
  unansweredDeliveries: 1_000,
  untakenOctets: 1024 * 1024,
  recordsInPiece: 16,
  lineOctets: 64 * 1024 * 1024,
  lineBufferOctets: 128 * 1024,
  keptBufferOctets: 4 * 1024 * 1024,
  fileOctets: 64 * 1024 * 1024,
  readOctets: 256 * 1024,
  readAheadMinOctets: 4 * 1024,
  readAheadMaxOctets: 256 * 1024,
  recordsInTurn: 10_000,
  copyOctets: 64 * 1024,
  deadOctets: 32 * 1024 * 1024,
  files: 16,
  reserveOctets: 1024 * 1024,
};
