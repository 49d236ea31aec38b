import type { WrittenRule } from 'metaplastic';
import { formatCount, html, type Html } from 'metaplastic/report';

const PATHS: Readonly<Record<string, string>> = {
  chained: 'An error, layer by layer, by weights of their own',
  direct: 'An error, straight from the output',
  'sign-symmetric': 'An error, by the signs of the forward weights',
  backprop: 'An error, by the forward weights',
};

/** What there is to know about a rule, a line each. */
export function factsOf(rule: WrittenRule, path: string, numbers: number): Html {
  const { reads, from, undoable, product, rank, synapse, neuron } = rule;
  const states = [
    ...synapse.map(({ name }) => html`<code>${name}</code> of every synapse `),
    ...neuron.map(({ name }) => html`<code>${name}</code> of every neuron `),
  ];
  const feedback = {
    post: 'Direct: a signal from the output says what each neuron should be',
    error: PATHS[path],
    nothing: 'None: it needs no teacher',
  }[from];
  const shape = product
    ? 'One product of two neurons’ numbers: the kernels of the built-in rules'
    : rank === undefined
      ? 'Evaluated synapse by synapse'
      : `Low rank: ${rank} ${rank === 1 ? 'product' : 'products'} of two neurons’ numbers`;
  return html`
    <div><dt>Reads</dt><dd>${reads.map(name => html`<code>${name}</code> `)}</dd></div>
    <div><dt>Feedback</dt><dd>${feedback}</dd></div>
    <div><dt>Shape</dt><dd>${shape}</dd></div>
    <div><dt>Undo</dt><dd>${undoable ? 'An update can be undone, so lives can be run backwards' : 'No update can be undone, so lives are stored'}</dd></div>
    ${states.length > 0 && html`<div><dt>Keeps</dt><dd>${states}</dd></div>`}
    <div><dt>Learned</dt><dd>${formatCount(numbers)} ${numbers === 1 ? 'number' : 'numbers'} of the rule, in this network</dd></div>`;
}
