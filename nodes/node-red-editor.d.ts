/**
 * What Node-RED's editor takes and gives beyond its published types, which describe version 1.3.
 *
 * Since 3.0 a validator with two parameters may return its reason as text, and a property has a `label`;
 * `categoryDescription` is new in 4.1.11.
 * Source: Node-RED's `editor-client`, `red.js`, `validateNodeProperty` and `registerType`.
 */
import type { EditorRED } from 'node-red';

/** A node as a form sees it. */
export interface FormNode {
  readonly id: string;
  readonly name?: string;
  readonly _def: FormDefinition;
  /** A text of the node's own catalogue. */
  _(key: string, blanks?: Readonly<Record<string, string | number>>): string;
  [property: string]: unknown;
}

export interface FormProperty {
  readonly value: string | number | boolean | readonly string[];
  /** Type of the configuration node that it names; `*[]` for the ids of nodes of any type. */
  readonly type?: string;
  readonly required?: boolean;
  readonly label?: string;
  /** True, or the reason why not. */
  validate?(this: FormNode, value: unknown, options: { readonly label?: string }): boolean | string;
}

export interface FormDefinition {
  readonly category: string;
  readonly categoryDescription?: string;
  readonly color?: string;
  readonly icon?: string;
  readonly align?: 'left' | 'right';
  readonly inputs?: 0 | 1;
  readonly outputs?: number;
  readonly defaults: Readonly<Record<string, FormProperty>>;
  readonly credentials?: Readonly<
    Record<string, { readonly type: 'text' | 'password'; validate?: NonNullable<FormProperty['validate']> }>
  >;
  readonly paletteLabel?: string;
  label?(this: FormNode): string;
  labelStyle?(this: FormNode): string;
  inputLabels?(this: FormNode): string;
  outputLabels?(this: FormNode, index: number): string;
  oneditprepare?(this: FormNode): void;
  oneditsave?(this: FormNode): void;
}

/** The editor, with the form definitions above, and plugins that can be removed (since 4.1). */
export type Editor = Omit<EditorRED, 'nodes' | 'plugins' | 'utils'> & {
  readonly plugins: {
    registerPlugin(id: string, definition: { onadd(): void; onremove(): void }): void;
  };
  readonly utils: {
    /** True, or the editor's own words. */
    validateTypedProperty(value: string, type: string): boolean | string;
    getNodeLabel(node: FormNode, otherwise: string): string;
  };
  readonly nodes: {
    registerType(type: string, definition: FormDefinition): void;
    node(id: string): FormNode | null | undefined;
    eachConfig(visit: (node: FormNode & { readonly type: string }) => boolean): void;
    eachNode(visit: (node: FormNode & { readonly type: string; readonly z: string }) => boolean): void;
  };
};

declare global {
  const RED: Editor;
}
