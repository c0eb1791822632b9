/** Results as tests want them. */
import type { SubmitResult } from '../../../lib/message.js';

/** An SMS that was accepted, with one segment for each of its message ids. */
export function aResult(changes: Partial<SubmitResult> = {}): SubmitResult {
  const { messageIds = ['m-1'] } = changes;
  return {
    id: 'sms-1',
    outcome: 'accepted',
    messageIds,
    to: '4512345678',
    from: 'Shop',
    segments: messageIds.length,
    encoding: 'gsm7',
    possibleDuplicate: false,
    recovered: false,
    queuedAt: 1,
    settledAt: 2,
    attempts: 1,
    ...changes,
  };
}
