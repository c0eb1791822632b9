/**
 * The smpp-send node in the editor.
 *
 * The definition stands here as a literal: the flow library reads it from the built page.
 */
import {
  choiceProblem,
  connectionProblem,
  liveValue,
  numberProblem,
  say,
  validator,
  type Problem,
} from '../shared/catalogue.editor.js';
import { showDefaults } from '../shared/defaults.editor.js';
import { isNumber, numbersIn } from '../shared/number.editor.js';
import { senderProblem } from '../shared/sender.editor.js';
import { prepareCounter } from './counter.editor.js';
import { recipientLabel } from './label.editor.js';
import { keepText, prepareText } from './text.editor.js';

const TYPE = 'smpp-send';
const TYPES = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'] as const;
const FLAG = ['true', 'false'];

/** A choice between words. */
const choice = (...words: string[]): ReturnType<typeof validator> =>
  validator(TYPE, (value) => choiceProblem(value, words));

/** The type of a typed input, as the form has it or else the node. */
const typeOf = (property: string, saved: unknown): string => liveValue(`#node-input-${property}Type`, saved);

/** What the editor says of a property or an expression, and `findInText` of what is typed. */
const typed = (
  property: string,
  findInText: (text: string) => Problem | undefined = () => undefined,
): ReturnType<typeof validator> =>
  validator(TYPE, (value, node) => {
    const type = typeOf(property, node[`${property}Type`]);
    if (type === 'str') return findInText(value);
    const isSound = value === '' || RED.utils.validateTypedProperty(value, type) === true;
    return isSound ? undefined : 'typed';
  });

/** The editor hides the field that the label is for: a screen reader would say no name with the one it shows. */
function nameTypedInput(field: string): void {
  const shown = $(`#node-input-${field} + .red-ui-typedInput-container .red-ui-typedInput-input`);
  shown.attr('aria-label', say(TYPE, `label.${field}`));
}

RED.nodes.registerType('smpp-send', {
  category: 'SMS',
  color: '#3FADB5',
  icon: 'smpp-send.svg',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: '' },
    connection: {
      value: '',
      type: 'inmobile-connection',
      validate: validator(TYPE, (id) => connectionProblem(id, 'transmitter')),
    },
    to: {
      value: 'to',
      validate: typed('to', (text) => (numbersIn(text).every(isNumber) ? undefined : 'to')),
    },
    toType: { value: 'msg', validate: choice(...TYPES) },
    from: { value: '', validate: typed('from', senderProblem) },
    fromType: { value: 'str', validate: choice(...TYPES) },
    text: { value: 'payload', validate: typed('text') },
    textType: { value: 'msg', validate: choice(...TYPES) },
    flash: { value: false, validate: choice(...FLAG) },
    encoding: { value: 'auto', validate: choice('auto', 'gsm7', 'ucs2') },
    substitute: { value: true, validate: choice(...FLAG) },
    maxSegments: { value: '10', validate: validator(TYPE, (value) => numberProblem(value, 1, 255)) },
    longMessage: { value: 'udh8', validate: choice('udh8', 'udh16', 'sar', 'payload', 'reject') },
    receipt: { value: 'always', validate: choice('always', 'on-failure', 'never') },
    priority: { value: 'normal', validate: choice('alarm', 'normal', 'bulk') },
    expiresAfter: { value: '1440', validate: validator(TYPE, (value) => numberProblem(value, 1, 43_200)) },
    validity: { value: '', validate: validator(TYPE, (value) => numberProblem(value, 1, 44_640)) },
    dedupe: { value: '', validate: typed('dedupe') },
    dedupeType: { value: 'str', validate: choice(...TYPES) },
    dedupeMinutes: { value: '60', validate: validator(TYPE, (value) => numberProblem(value, 1, 43_200)) },
    onUncertain: { value: '', validate: choice('resend', 'reconcile', 'report') },
  },
  paletteLabel: 'smpp send',
  label() {
    if (this.name !== undefined && this.name !== '') return this.name;
    const to = recipientLabel(this.to, this.toType);
    return to === undefined ? 'smpp send' : this._('smpp-send.title', { to });
  },
  labelStyle() {
    return this.name !== undefined && this.name !== '' ? 'node_label_italic' : '';
  },
  inputLabels() {
    return this._('smpp-send.input');
  },
  outputLabels(index) {
    return this._(index === 0 ? 'smpp-send.output.accepted' : 'smpp-send.output.other');
  },
  oneditprepare() {
    showDefaults(this, 'node-input');
    for (const field of ['to', 'from', 'dedupe']) {
      $(`#node-input-${field}`).typedInput({
        types: [...TYPES],
        typeField: `#node-input-${field}Type`,
      });
    }
    prepareText(this.text, TYPES);
    for (const field of ['to', 'from', 'text', 'dedupe']) nameTypedInput(field);
    prepareCounter();
  },
  oneditsave() {
    keepText();
  },
});
