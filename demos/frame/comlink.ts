import * as comlink from 'comlink';
import { plainError, reviveError, type PlainError } from 'metaplastic';

export { proxy } from 'comlink';

/** What a worker lets its page call. */
export function expose(api: unknown): void {
  keepErrors();
  comlink.expose(api);
}

/** What a page calls of its worker. */
export function wrap<T>(worker: Worker): comlink.Remote<T> {
  keepErrors();
  return comlink.wrap<T>(worker);
}

/** What comlink makes of a throw in a worker, before it is sent. */
interface Thrown {
  readonly value: unknown;
}

/**
 * On both sides: an error of the library keeps its class, name and parts on its way between them.
 */
function keepErrors(): void {
  const { transferHandlers } = comlink;
  const thrown = transferHandlers.get('throw') as comlink.TransferHandler<Thrown, PlainError>;
  transferHandlers.set('throw', {
    canHandle: thrown.canHandle,
    serialize: ({ value }: Thrown): [PlainError, Transferable[]] => [plainError(value), []],
    deserialize: (plain: PlainError): Thrown => {
      throw reviveError(plain);
    },
  });
}
