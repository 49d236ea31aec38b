import { MetaplasticError } from '../errors.js';

/**
 * A piece of HTML that is safe to put into a page as it is. It is told by its class, because data
 * that look like one (`{ "html": … }` in a file, a message of another thread) must not pass.
 */
export class Html {
  readonly #html: string;

  /** Only `html` and `trusted` make one. */
  constructor(html: string) {
    this.#html = html;
  }
  get html(): string {
    return this.#html;
  }
}

/**
 * What a template takes: HTML made here, a text, which is escaped, a number, a list of these, or
 * nothing.
 */
export type Content = Html | string | number | undefined | false | readonly Content[];

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * A template in which every text is escaped, lists are joined, and `undefined` and `false` are left
 * out.
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(strings.map((text, i) => text + render(contents[i])).join(''));
}

/** Text of this package that is HTML, CSS or JavaScript already. */
export const trusted = (text: string): Html => new Html(text);

/**
 * Data to draw, for a `<script type="application/json">`: numbers to six digits, and `<` written so
 * that the element cannot be closed from inside.
 */
export const json = (data: unknown): Html =>
  trusted(
    JSON.stringify(data, (_, x) =>
      typeof x === 'number' ? Number(x.toPrecision(6)) : x,
    ).replaceAll('<', '\\u003c'),
  );

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (Array.isArray(content)) return content.map(render).join('');
  if (content instanceof Html) return content.html;
  if (typeof content !== 'string' && typeof content !== 'number')
    throw new MetaplasticError({
      where: 'html',
      expected: 'a text, a number or HTML made here',
      got: content === null ? 'null' : typeof content,
    });
  return String(content).replace(/[&<>"']/g, c => ENTITIES[c]!);
}
