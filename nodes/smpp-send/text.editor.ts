/**
 * The text of an SMS where it is typed in the form: an area, since a text may have several lines.
 *
 * The field of a typedInput has one line, and drops the line breaks of a text that has more. So the type "text"
 * has no field there, and the area stands for it.
 */
import { say } from '../shared/catalogue.editor.js';

type TypedInputType = 'str' | 'msg' | 'flow' | 'global' | 'env' | 'jsonata';

const FIELD = '#node-input-text';
const AREA = '#smpp-send-fixed';

/** @param saved the node's own text, which may have lines that the field has lost */
export function prepareText(saved: unknown, types: readonly TypedInputType[]): void {
  const typed = { value: 'str', label: say('smpp-send', 'label.fixed'), hasValue: false };
  $(FIELD).typedInput({
    types: types.map((type) => (type === 'str' ? typed : type)),
    typeField: `${FIELD}Type`,
  });
  if (isTyped() && typeof saved === 'string') $(AREA).val(saved);
  const show = (): void => {
    $(`${AREA}-row`).toggle(isTyped());
  };
  $(FIELD).on('change', show);
  show();
}

/** Whether the text is typed in the form, and not known before a msg comes. */
export function isTyped(): boolean {
  return $(FIELD).typedInput('type') === 'str';
}

export function typedText(): string {
  const text = $(AREA).val();
  return typeof text === 'string' ? text : '';
}

/** Hands the text to the field that the editor saves; a hidden field keeps its lines. */
export function keepText(): void {
  if (isTyped()) $(FIELD).val(typedText());
}
