/** The gateway's own enquire_link: sent at intervals, and a client that leaves one unanswered is gone. */
import type { Session } from 'smpp';
import type { Millis } from '../clock.js';
import type { Schedule } from './schedule.js';

/** How long a client may take to answer; *assumed*. */
const ANSWER_MS = 10_000;

/** Begins; the returned function ends it. */
export function enquireRegularly(
  session: Session,
  schedule: Schedule,
  everyMs: Millis,
  unanswered: () => void,
): () => void {
  let cancel: () => void;
  const wait = (): void => {
    cancel = schedule.after(everyMs, enquire);
  };
  const enquire = (): void => {
    cancel = schedule.after(ANSWER_MS, unanswered);
    session.enquire_link({}, () => {
      cancel();
      wait();
    });
  };
  wait();
  return () => cancel();
}
