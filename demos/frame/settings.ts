/** Values of the named fields of a form, as texts. */
export type Settings = Readonly<Record<string, string>>;

/**
 * A form whose fields live in the page's address, after the #: a link to the page carries its
 * settings.
 */
export interface SettingsForm {
  readonly values: Settings;
  number(name: string): number;
  /** Keeps something in the address that has no field of its own; undefined takes it out. */
  keep(name: string, value: string | undefined): void;
  kept(name: string): string | undefined;
}

/**
 * Fills the form from the address, and the address from the form. Values at their default are left
 * out of the address. A range input's `<b data-value>` in the same label shows its value. `changed`
 * is called after each change, by the user or by another link.
 */
export function settingsForm(form: HTMLFormElement, changed: () => void = () => {}): SettingsForm {
  const fields = () =>
    [...form.elements].filter(
      (e): e is HTMLInputElement | HTMLSelectElement =>
        (e instanceof HTMLInputElement || e instanceof HTMLSelectElement) && e.name !== '',
    );
  const fieldNames = new Set(fields().map(f => f.name));
  form.reset();
  const defaults = read();

  function read(): Record<string, string> {
    return Object.fromEntries(
      [...new FormData(form)].map(([name, value]) => [name, String(value)]),
    );
  }
  function showOutputs(): void {
    for (const field of fields()) {
      const output = field.closest('label')?.querySelector('[data-value]');
      if (output)
        output.textContent =
          field.dataset['show'] === 'power'
            ? Number(10 ** Number(field.value)).toPrecision(1)
            : field.value;
    }
  }
  function fromAddress(): void {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const field of fields()) {
      const value = asked.get(field.name) ?? defaults[field.name];
      if (field.type === 'checkbox') (field as HTMLInputElement).checked = value === field.value;
      else if (field.type === 'radio') (field as HTMLInputElement).checked = value === field.value;
      else if (
        value !== undefined &&
        (!(field instanceof HTMLSelectElement) || [...field.options].some(o => o.value === value))
      )
        field.value = value;
      // a link may ask for what nobody could type
      if (!field.checkValidity()) field.value = defaults[field.name] ?? '';
    }
    showOutputs();
  }
  function toAddress(): void {
    const hash = new URLSearchParams(location.hash.slice(1));
    for (const [name, value] of Object.entries({
      ...Object.fromEntries([...fieldNames].map(n => [n, ''])),
      ...read(),
    })) {
      if (value === (defaults[name] ?? '')) hash.delete(name);
      else hash.set(name, value);
    }
    replace(hash);
  }
  const replace = (hash: URLSearchParams) =>
    history.replaceState(null, '', hash.size ? `#${hash}` : location.pathname + location.search);

  fromAddress();
  form.addEventListener('submit', event => event.preventDefault());
  form.addEventListener('input', () => {
    showOutputs();
    toAddress();
    changed();
  });
  addEventListener('hashchange', () => {
    fromAddress();
    changed();
  });
  return {
    get values() {
      return read();
    },
    number: name => Number(read()[name]),
    kept: name => new URLSearchParams(location.hash.slice(1)).get(name) ?? undefined,
    keep(name, value) {
      const hash = new URLSearchParams(location.hash.slice(1));
      if (value === undefined) hash.delete(name);
      else hash.set(name, value);
      replace(hash);
    },
  };
}

/** Makes a button copy something, and say so. */
export function copyButton(button: HTMLButtonElement, text: () => string): void {
  const label = button.textContent!;
  button.addEventListener('click', async () => {
    const copied = await navigator.clipboard.writeText(text()).then(
      () => true,
      () => false,
    );
    button.textContent = copied ? 'Copied' : 'Copying was not allowed';
    setTimeout(() => {
      button.textContent = label;
    }, 1600);
  });
}
