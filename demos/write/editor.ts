import {
  defineRule,
  GRANULARITIES,
  MetaplasticError,
  type RuleSpec,
  type WrittenRule,
} from 'metaplastic';
import { html } from 'metaplastic/report';
import { codeField, type CodeField, type Role } from './code.js';
import { MOST, specOf, type Draft } from './draft.js';

/** The form of a rule. */
export interface Editor {
  /** What stands in it, whether it makes sense or not. */
  readonly draft: Draft;
  show(draft: Draft): void;
}

/** What came of a change in the form. */
export interface Read {
  /** The rule, if it is one. */
  readonly rule?: WrittenRule;
  /** As it was typed, if its numbers are numbers. */
  readonly spec?: RuleSpec;
  readonly error?: MetaplasticError;
}

const SEEN = new Set(['w', 'pre', 'x', 'post', 'e', 'e_pre']);
const FUNCTIONS = new Set('exp log sqrt abs sign tanh sigmoid relu softplus min max'.split(' '));

type Section = 'synapse' | 'neuron' | 'coefficients';
interface Row {
  readonly element: HTMLElement;
  readonly fields: Readonly<
    Record<string, HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>
  >;
  readonly code?: CodeField;
  readonly error: HTMLElement;
}

let numbered = 0;

/** Fills the host with the form of a rule; `changed` hears of each change, and what came of it. */
export function makeEditor(host: HTMLElement, changed: (read: Read) => void): Editor {
  host.innerHTML =
    html`<label class="field title"><span>Name</span><input data-key="name" maxlength="40" autocomplete="off" spellcheck="false"></label>
    <p class="error" data-of="name" hidden></p>
    <div class="equation main"><span class="left" aria-hidden="true">dw <b>=</b></span><div data-code="dw"></div></div>
    <p class="error" data-of="dw" hidden></p>
    ${SECTIONS.map(
      ({
        of,
        title,
        about,
        add,
      }) => html`<fieldset data-section="${of}"><legend>${title}</legend><p class="note">${about}</p>
      <div class="rows"></div><button class="button small" type="button" data-add="${of}">${add}</button></fieldset>`,
    )}
    <p class="error general" data-of="" hidden></p>`.html;
  const name = host.querySelector<HTMLInputElement>('[data-key=name]')!;
  const dw = codeField('dw, the change of a synapse for one sample', '', 2);
  host.querySelector('[data-code=dw]')!.append(dw.element);
  const errorOf = (of: string) => host.querySelector<HTMLElement>(`.error[data-of="${of}"]`)!;
  const rows: Record<Section, Row[]> = { synapse: [], neuron: [], coefficients: [] };
  const placeOf = (of: Section) => host.querySelector<HTMLElement>(`[data-section=${of}] .rows`)!;

  function add(of: Section, values: Readonly<Record<string, string>>): Row {
    const row = of === 'coefficients' ? coefficientRow(values) : stateRow(of, values);
    rows[of].push(row);
    placeOf(of).append(row.element);
    row.element.querySelector('.remove')!.addEventListener('click', () => {
      const at = rows[of].indexOf(row);
      rows[of].splice(at, 1);
      row.element.remove();
      // the keyboard stays where it was
      (rows[of][Math.min(at, rows[of].length - 1)]?.fields['name'] ?? addButton(of)).focus();
      read();
    });
    return row;
  }
  const addButton = (of: Section) => host.querySelector<HTMLButtonElement>(`[data-add=${of}]`)!;
  for (const { of, fresh } of SECTIONS)
    addButton(of).addEventListener('click', () => {
      add(of, { ...fresh, name: '' }).fields['name']!.focus();
      read();
    });

  const texts = <K extends string>(of: Section, keys: readonly K[]) =>
    rows[of].map(
      ({ fields }) =>
        Object.fromEntries(keys.map(key => [key, fields[key]!.value])) as Record<K, string>,
    );
  const draft = (): Draft => ({
    name: name.value,
    dw: dw.input.value,
    synapse: texts('synapse', ['name', 'd', 'start']),
    neuron: texts('neuron', ['name', 'd', 'start']),
    coefficients: texts('coefficients', ['name', 'per', 'start', 'rate', 'l1']),
  });

  function read(): void {
    const written = draft();
    for (const { of } of SECTIONS) {
      addButton(of).disabled = rows[of].length >= MOST[of];
      host.querySelector(`[data-section=${of}]`)!.classList.toggle('none', !rows[of].length);
    }
    let spec: RuleSpec | undefined;
    let outcome: Read;
    try {
      spec = specOf(written);
      outcome = { spec, rule: defineRule(spec) };
    } catch (error) {
      if (!(error instanceof MetaplasticError)) throw error;
      outcome = { error, ...(spec && { spec }) };
    }
    paint(written, outcome.error);
    changed(outcome);
  }

  /** Colours the texts, and shows an error where it is. */
  function paint(written: Draft, error: MetaplasticError | undefined): void {
    const roleOf = rolesOf(written);
    for (const one of host.querySelectorAll<HTMLElement>('.error')) one.hidden = true;
    for (const one of host.querySelectorAll('[aria-invalid]')) {
      one.removeAttribute('aria-invalid');
      one.removeAttribute('aria-describedby');
    }
    const place = error && placeOfError(error.where);
    if (error && place) {
      place.error.hidden = false;
      place.error.textContent = `${error.problem}${error.hint ? `; ${error.hint}` : ''}`;
      place.error.id ||= `rule-error-${numbered++}`;
      place.field?.setAttribute('aria-invalid', 'true');
      place.field?.setAttribute('aria-describedby', place.error.id);
    }
    for (const code of [dw, ...rows.synapse.map(r => r.code!), ...rows.neuron.map(r => r.code!)])
      code.paint(roleOf, place?.field === code.input ? error!.column : undefined);
  }

  /** The field that an error is about, by its key, and where it is told. */
  function placeOfError(where: string): {
    readonly field?: Element;
    readonly error: HTMLElement;
  } {
    const [, section, key, part = 'name'] = where.split('.');
    if (section === 'dw') return { field: dw.input, error: errorOf('dw') };
    if (section === 'name') return { field: name, error: errorOf('name') };
    const all = rows[section as Section] ?? [];
    // of two of the same name the second is to blame
    const row = all.findLast(({ fields }) => fields['name']!.value === key);
    return row ? { field: row.fields[part], error: row.error } : { error: errorOf('') };
  }

  host.addEventListener('input', read);
  return {
    get draft() {
      return draft();
    },
    show(shown) {
      name.value = shown.name;
      dw.input.value = shown.dw;
      for (const { of } of SECTIONS) {
        rows[of].length = 0;
        placeOf(of).replaceChildren();
        for (const row of shown[of]) add(of, { ...row });
      }
      read();
    },
  };
}

const SECTIONS: readonly {
  readonly of: Section;
  readonly title: string;
  readonly about: string;
  readonly add: string;
  readonly fresh: Readonly<Record<string, string>>;
}[] = [
  {
    of: 'coefficients',
    title: 'Coefficients',
    about: 'Numbers that are meta-learned.',
    add: 'Add a coefficient',
    fresh: { per: 'layer', start: '0.01', rate: '', l1: '' },
  },
  {
    of: 'synapse',
    title: 'States of synapses',
    about: 'A number that each synapse keeps, and how an example changes it.',
    add: 'Add a state of synapses',
    fresh: { d: '', start: '0' },
  },
  {
    of: 'neuron',
    title: 'States of neurons',
    about: 'A number that each neuron keeps; NAME_pre is that of the neuron below.',
    add: 'Add a state of neurons',
    fresh: { d: '', start: '0' },
  },
];

function rolesOf({ synapse, neuron, coefficients }: Draft): (name: string) => Role | undefined {
  const states = new Set([
    ...synapse.map(s => s.name),
    ...neuron.flatMap(({ name }) => [name, `${name}_pre`]),
  ]);
  const learned = new Set(coefficients.map(c => c.name));
  return name => {
    if (SEEN.has(name)) return 'seen';
    if (FUNCTIONS.has(name)) return 'function';
    if (states.has(name)) return 'state';
    return learned.has(name) ? 'coefficient' : undefined;
  };
}

const plainInput = (key: string, label: string, value: string, placeholder = '') =>
  html`<label class="cell ${key}"><span>${label}</span><input data-key="${key}" value="${value}" placeholder="${placeholder}" autocomplete="off" autocapitalize="off" spellcheck="false"></label>`;
const removeButton = (what: string) =>
  html`<button class="remove" type="button" aria-label="Remove this ${what}" title="Remove">×</button>`;

function stateRow(of: 'synapse' | 'neuron', values: Readonly<Record<string, string>>): Row {
  const element = document.createElement('div');
  element.className = 'row state';
  element.innerHTML = html`${plainInput('name', 'name', values['name']!)}
    <div class="cell d"><span aria-hidden="true">change</span><div data-code="d"></div></div>
    ${plainInput('start', 'at birth', values['start']!)}${removeButton('state')}
    <p class="error" hidden></p>`.html;
  const code = codeField(`change of this state of ${of}s`, values['d']!, 1);
  element.querySelector('[data-code=d]')!.append(code.element);
  return rowOf(element, { d: code.input }, code);
}

function coefficientRow(values: Readonly<Record<string, string>>): Row {
  const element = document.createElement('div');
  element.className = 'row coefficient';
  element.innerHTML = html`${plainInput('name', 'name', values['name']!)}
    <label class="cell per"><span>one per</span><select data-key="per">${GRANULARITIES.map(
      per => html`<option${per === values['per'] && html` selected`}>${per}</option>`,
    )}</select></label>
    ${plainInput('start', 'at first', values['start']!, '0.01')}
    ${plainInput('rate', 'rate', values['rate']!, 'auto')}
    ${plainInput('l1', 'L1', values['l1']!, 'none')}${removeButton('coefficient')}
    <p class="error" hidden></p>`.html;
  return rowOf(element, {});
}

function rowOf(element: HTMLElement, more: Row['fields'], code?: CodeField): Row {
  const own = [...element.querySelectorAll<HTMLInputElement | HTMLSelectElement>('[data-key]')].map(
    field => [field.dataset['key']!, field] as const,
  );
  return {
    element,
    fields: { ...Object.fromEntries(own), ...more },
    error: element.querySelector<HTMLElement>('.error')!,
    ...(code && { code }),
  };
}
