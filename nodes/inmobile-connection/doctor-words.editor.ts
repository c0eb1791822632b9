/**
 * What the form says of a problem that the doctor found; pure.
 *
 * In the editor's language where there is a sentence for it, else in the runtime's own words. One code means another
 * thing at another step: SMPP_CONNECT is a firewall before TCP and a restart before the answer to a login.
 */
import type { DiagnosisStep } from '../../lib/message.js';

/** The sentence of this key below `doctor.problem`; undefined when there is none. */
type Sentence = (key: string, blanks: Readonly<Record<string, string>>) => string | undefined;

/** @param step where it was found; undefined when the test was not begun */
export function wordsOf(
  { code, message }: NonNullable<DiagnosisStep['problem']>,
  step: DiagnosisStep['step'] | undefined,
  sentence: Sentence,
): string {
  const pin = /the pin of the one it shows is (\S+)/.exec(message)?.[1] ?? '?';
  const atStep = step === undefined ? undefined : sentence(`${step}.${code}`, {});
  return atStep ?? sentence(code, { pin }) ?? message;
}
