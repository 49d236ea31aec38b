import type { State, WrittenRule } from '../rules/rule.js';
import type { Tree } from '../rules/tree.js';
import type { System } from '../systems/system.js';

/**
 * A system as float32 holds it, which is what kernels are made of: the numbers of a written rule's
 * texts, and those that its states begin at, are rounded. All else of a system is exact.
 */
export function systemInFloat32(system: System): System {
  const { rule } = system;
  return typeof rule === 'string' || rule.kind === 'handwritten'
    ? system
    : { ...system, rule: ruleInFloat32(rule) };
}

function ruleInFloat32(rule: WrittenRule): WrittenRule {
  const rounded = ({ name, start, change }: State): State => ({
    name,
    start: Math.fround(start),
    change: treeInFloat32(change),
  });
  return {
    ...rule,
    dw: treeInFloat32(rule.dw),
    synapse: rule.synapse.map(rounded),
    neuron: rule.neuron.map(rounded),
  };
}

function treeInFloat32(tree: Tree): Tree {
  if (tree.kind === 'number') return { kind: 'number', value: Math.fround(tree.value) };
  return tree.kind === 'name' ? tree : { ...tree, to: tree.to.map(treeInFloat32) };
}
