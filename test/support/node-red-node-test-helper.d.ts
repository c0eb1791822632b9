/** The few calls of node-red-node-test-helper that the tests use; it has no types of its own. */
declare module 'node-red-node-test-helper' {
  import type { EventEmitter } from 'node:events';
  import type { Node } from 'node-red';

  interface Helper {
    init(runtimePath: string): void;
    settings(settings: object): object;
    load(nodes: readonly unknown[], flow: readonly object[], credentials: object): Promise<void>;
    unload(): Promise<void>;
    getNode(id: string): Node | null;
    startServer(): Promise<void>;
    stopServer(): Promise<void>;
    /** A sinon spy on Node-RED's log. */
    log(): {
      readonly args: readonly [{ readonly id?: string; readonly level: number; readonly msg: string }][];
    };
    readonly _events: EventEmitter;
    readonly _redNodes: {
      setFlows(flow: readonly object[], credentials: object, type: string): Promise<unknown>;
      stopFlows(): Promise<unknown>;
    };
  }
  const helper: Helper;
  export = helper;
}
