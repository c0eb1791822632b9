/** The matrix: what is done × how it is deployed × what the store is like × what the flow gives. */
import type { DeployType } from '../node-red.js';
import { ACTS, type Act } from './scene.js';

export type Deed =
  | { readonly kind: 'deploy'; readonly act: Act; readonly type: DeployType }
  | { readonly kind: 'stop the flows' }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'SIGTERM' };

/**
 * `locked`: by a machine that is gone, and opened after a while · `held`: by a process that lives, and refused ·
 * the others: what its disk is like.
 */
export const STORES = ['sound', 'slow', 'locked', 'held', 'full', 'read-only'] as const;
export type Store = (typeof STORES)[number];

/** SMS one by one; some at a time; or a great many in the first msg. */
export const LOADS = ['single', 'arrays', 'large array'] as const;
export type Load = (typeof LOADS)[number];

export interface Cell {
  /** Its place in the matrix. */
  readonly index: number;
  readonly deed: Deed;
  readonly storage: 'disk' | 'memory';
  readonly store: Store;
  readonly load: Load;
}

export const CELLS: readonly Cell[] = everyCell();

export function nameOf({ index, deed, storage, store, load }: Cell): string {
  const what = deed.kind === 'deploy' ? `${deed.act.name} (${deed.type})` : deed.kind;
  return `cell ${index}: ${what}, ${storage === 'memory' ? 'memory' : `${store} disk`}, ${load}`;
}

function everyCell(): readonly Cell[] {
  const deploys = ACTS.flatMap((act) => act.deploys.map((type): Deed => ({ kind: 'deploy', act, type })));
  const deeds: readonly Deed[] = [
    ...deploys,
    { kind: 'stop the flows' },
    { kind: 'disconnect' },
    { kind: 'SIGTERM' },
  ];
  const storages = [...STORES.map((store) => ['disk', store] as const), ['memory', 'sound'] as const];
  return deeds
    .flatMap((deed) =>
      storages.flatMap(([storage, store]) => LOADS.map((load) => ({ deed, storage, store, load }))),
    )
    .map((cell, index) => ({ index, ...cell }));
}
