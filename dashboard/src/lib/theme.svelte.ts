const KEY = 'theme';

export type Theme = 'system' | 'light' | 'dark';

/** Light or dark: the system's, or as chosen. `public/theme.js` sets it before the first paint. */
export class ThemeChoice {
  choice: Theme = $state(readChoice());
  #systemIsDark = $state(false);
  /** What is on show. */
  readonly shown: 'light' | 'dark' = $derived(
    this.choice === 'system' ? (this.#systemIsDark ? 'dark' : 'light') : this.choice,
  );

  constructor() {
    const query = matchMedia('(prefers-color-scheme: dark)');
    this.#systemIsDark = query.matches;
    query.addEventListener('change', ({ matches }) => {
      this.#systemIsDark = matches;
    });
  }

  choose(theme: Theme): void {
    this.choice = theme;
    if (theme === 'system') {
      localStorage.removeItem(KEY);
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem(KEY, theme);
      document.documentElement.dataset.theme = theme;
    }
  }

  /** The other of light and dark. */
  toggle(): void {
    this.choose(this.shown === 'dark' ? 'light' : 'dark');
  }
}

function readChoice(): Theme {
  const { theme } = document.documentElement.dataset;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}
