/** Light, dark or as the system has it; remembered on this device. */
export type Choice = 'system' | 'light' | 'dark';

/** Read by `public/theme.js`, before the first paint. */
const KEY = 'focusflow.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

class Theme {
  choice = $state<Choice>((document.documentElement.dataset['theme'] as Choice | undefined) ?? 'system');
  #systemDark = $state(system.matches);

  constructor() {
    system.addEventListener('change', (event) => (this.#systemDark = event.matches));
  }

  get dark(): boolean {
    return this.choice === 'system' ? this.#systemDark : this.choice === 'dark';
  }

  set(choice: Choice): void {
    this.choice = choice;
    if (choice === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // No storage: the choice lasts as long as the page.
    }
  }
}

export const theme = new Theme();

/** A canvas knows no custom properties: what they come to in the theme of the moment. */
export function colors<K extends string>(names: readonly K[]): Record<K, string> {
  const probe = document.createElement('span');
  document.body.append(probe);
  const found = {} as Record<K, string>;
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}
