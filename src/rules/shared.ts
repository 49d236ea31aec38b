import type { Operation, Tree } from './tree.js';

/** Makes trees of which those that are alike are one object. */
export interface Sharing {
  readonly number: (value: number) => Tree;
  readonly name: (name: string) => Tree;
  /** Of trees that were made here. */
  readonly node: (of: Operation, ...to: readonly Tree[]) => Tree;
  /** A tree from elsewhere. */
  readonly same: (tree: Tree) => Tree;
  /** The number of a tree that was made here. */
  readonly idOf: (tree: Tree) => number;
}

export function sharing(): Sharing {
  const made = new Map<string, Tree>();
  const ids = new Map<Tree, number>();
  const known = new Map<Tree, Tree>();
  const shared = (key: string, tree: Tree): Tree => {
    const before = made.get(key);
    if (before) return before;
    made.set(key, tree);
    ids.set(tree, ids.size);
    return tree;
  };
  const idOf = (tree: Tree) => ids.get(tree)!;
  const number = (value: number) => shared(`${value}`, { kind: 'number', value });
  const name = (of: string) => shared(`.${of}`, { kind: 'name', name: of });
  const node = (of: Operation, ...to: readonly Tree[]) =>
    shared(`${of}:${to.map(idOf).join()}`, { kind: 'apply', of, to });
  const same = (tree: Tree): Tree => {
    const before = known.get(tree);
    if (before) return before;
    const one =
      tree.kind === 'number'
        ? number(tree.value)
        : tree.kind === 'name'
          ? name(tree.name)
          : node(tree.of, ...tree.to.map(same));
    known.set(tree, one);
    return one;
  };
  return { number, name, node, same, idOf };
}
