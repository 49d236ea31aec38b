import { html, type Html } from 'metaplastic/report';

/** What a name in an expression is, for its colour. */
export type Role = 'seen' | 'state' | 'coefficient' | 'function';

const TOKEN = /[A-Za-z_]\w*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\s+|[^]/g;

/** A text with its names in the colours of their roles, and the place of an error marked. */
export function coloured(
  text: string,
  roleOf: (name: string) => Role | undefined,
  column: number | undefined,
): Html {
  const parts = [...text.matchAll(TOKEN)].map(({ 0: token, index }) => {
    const wrong = column !== undefined && index <= column && column < index + token.length;
    const role = /^\d|^\.\d/.test(token) ? 'number' : (roleOf(token) ?? '');
    const shown = role ? html`<i class="${role}">${token}</i>` : token;
    return wrong ? html`<mark>${shown}</mark>` : shown;
  });
  const end = column !== undefined && column >= text.length;
  // a last line that is empty has no height without something in it
  return html`${parts}${end && html`<mark class="end"> </mark>`}${' '}`;
}

/** A field for an expression: a text area over the same text in colours. */
export interface CodeField {
  readonly element: HTMLElement;
  readonly input: HTMLTextAreaElement;
  paint(roleOf: (name: string) => Role | undefined, column?: number): void;
}

export function codeField(label: string, value: string, rows: number): CodeField {
  const element = document.createElement('div');
  element.className = 'code';
  element.innerHTML =
    html`<pre aria-hidden="true"></pre><textarea rows="${rows}" aria-label="${label}" spellcheck="false" autocapitalize="off" autocomplete="off"></textarea>`.html;
  const input = element.querySelector('textarea')!;
  const picture = element.querySelector('pre')!;
  input.value = value;
  return {
    element,
    input,
    paint(roleOf, column) {
      picture.innerHTML = coloured(input.value, roleOf, column).html;
    },
  };
}
