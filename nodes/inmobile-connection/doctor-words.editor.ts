/**
 * What the form says of a problem that the doctor found; pure.
 *
 * In the editor's language, and in the runtime's own words only where nobody has thought of the problem. One code
 * means another thing at another step: SMPP_CONNECT is a firewall before TCP and a restart before the answer to a
 * login. Of the many codes that a step can end with, those without a sentence share one that names them.
 */
import type { DiagnosisStep } from '../../lib/message.js';

type Blanks = Readonly<Record<string, string>>;

/** The sentence of this key below `doctor.problem`; undefined when there is none. */
type Sentence = (key: string, blanks: Blanks) => string | undefined;

/** `field` is that of the form which the test could not be begun with. */
export type DoctorProblem = NonNullable<DiagnosisStep['problem']> & { readonly field?: string };

/** @param step where it was found; undefined when the test was not begun */
export function wordsOf(
  { code, message, field }: DoctorProblem,
  step: DiagnosisStep['step'] | undefined,
  sentence: Sentence,
): string {
  if (step === undefined) return fieldWords(message, field, sentence) ?? sentence(code, {}) ?? message;
  const pin = /the pin of the one it shows is (\S+)/.exec(message)?.[1] ?? '?';
  return (
    sentence(`${step}.${code}`, {}) ??
    sentence(code, { pin }) ??
    sentence(`${step}.other`, { code }) ??
    message
  );
}

/** @param field such as `tls.ca` or `hosts.0.host`: in the form there is one for all of a name, but for the pins */
function fieldWords(message: string, field: string | undefined, sentence: Sentence): string | undefined {
  if (field === undefined) return undefined;
  const [top = '', below] = field.split('.');
  const name = below === 'pins' ? below : top;
  const variable = /environment variable (.+) has no value/.exec(message)?.[1];
  if (variable !== undefined) return sentence('field.variable', { field: name, variable });
  const pin = pinToGive(message);
  return pin === undefined ? sentence(`field.${name}`, {}) : sentence('field.caOfServer', { pin });
}

/** The pin of a downloaded certificate that was given as CA. */
export function pinToGive(message: string): string | undefined {
  return /give the pin ([A-Za-z0-9+/]{43}=)/.exec(message)?.[1];
}
