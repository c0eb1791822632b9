/**
 * Errors in the words of the form: a person looks for _Expires after_, and not for `expiresAfterMs`.
 *
 * What the payload gave keeps the name that it has there. Labels are in the language of the runtime, if there is a
 * catalogue of it.
 */
import { SmppError } from '../../lib/errors.js';
import { settingsError } from '../shared/form-reader.js';
import { TYPED_FIELDS, type ReadForm } from './form.js';

/** What the form calls by another name than the library: properties of `OutboundSms`, and what a connection cannot do. */
const FIELD_OF: Readonly<Record<string, string>> = {
  expiresAfterMs: 'expiresAfter',
  validityMs: 'validity',
  dedupeKey: 'dedupe',
  dedupeMs: 'dedupeMinutes',
  connectionMode: 'connection',
};

/** The fields that have a label. */
const FIELDS: ReadonlySet<string> = new Set([
  ...TYPED_FIELDS,
  'connection',
  'encoding',
  'substitute',
  'flash',
  'longMessage',
  'maxSegments',
  'receipt',
  'priority',
  'expiresAfter',
  'validity',
  'dedupeMinutes',
  'onUncertain',
]);

/** Longer would hide what is wrong. */
const SOURCE_CHARACTERS_MAX = 40;

export class FormWords {
  readonly #translate: (field: string) => string;

  /** @param translate gives the label of a field */
  constructor(translate: (field: string) => string) {
    this.#translate = translate;
  }

  /** A fault of the form itself. */
  ofSettings(error: unknown): SmppError {
    return this.#withLimit(settingsError(error, (property) => this.#labelOf(property)));
  }

  /**
   * A fault of one SMS.
   *
   * @param isGiven whether the payload has the property itself
   */
  ofSms(error: SmppError, isGiven: (property: string) => boolean, typed: ReadForm['typed']): SmppError {
    const { code, field, message } = error;
    if (field === undefined) return error;
    const named = isGiven('maxSegments') ? error : this.#withLimit(error);
    const label = isGiven(field) ? undefined : this.#labelOf(field);
    if (label === undefined || !message.startsWith(`${field}: `)) return named;
    const reason = named.message.slice(`${field}: `.length);
    const remedy = field === 'from' && reason.endsWith('is missing') ? REMEDY_WITHOUT_SENDER : '';
    return new SmppError(code, `${label}${sourceOf(field, typed)}: ${reason}${remedy}`, {
      field,
      cause: error,
    });
  }

  #labelOf(property: string): string | undefined {
    const field = FIELD_OF[property] ?? property;
    return FIELDS.has(field) ? this.#translate(field) : undefined;
  }

  /** The library's remedy names its own option. */
  #withLimit(error: SmppError): SmppError {
    const { code, field, message } = error;
    const words = message.replace(/\braise maxSegments$/, `raise ${this.#translate('maxSegments')}`);
    if (words === message) return error;
    return new SmppError(code, words, { cause: error, ...(field !== undefined && { field }) });
  }
}

const REMEDY_WITHOUT_SENDER = ': give it here, in msg.from or in the connection';

/** Where the form takes a value from, such as ` (msg.to)`. */
function sourceOf(property: string, typed: ReadForm['typed']): string {
  const field = TYPED_FIELDS.find((name) => name === (FIELD_OF[property] ?? property));
  if (field === undefined) return '';
  const { type, value } = typed[field];
  if ((type !== 'msg' && type !== 'flow' && type !== 'global') || value === '') return '';
  const path = type === 'msg' ? value.replace(/^msg\./, '') : value;
  return path.length <= SOURCE_CHARACTERS_MAX ? ` (${type}.${path})` : '';
}
