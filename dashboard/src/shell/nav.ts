import type { RouteName } from '../lib/routes.ts';

export interface NavItem {
  readonly route: RouteName;
  readonly label: string;
  /** After `g`. */
  readonly key: string;
  /** Views that belong to it. */
  readonly holds?: readonly RouteName[];
}

export interface NavGroup {
  /** Empty: no heading. */
  readonly label: string;
  readonly items: readonly NavItem[];
}

/** The navigation from top to bottom. */
export const NAV: readonly NavGroup[] = [
  {
    label: '',
    items: [
      { route: 'overview', label: 'Overview', key: 'o' },
      { route: 'live', label: 'Live', key: 'l' },
      { route: 'products', label: 'Products', key: 'p', holds: ['product', 'event'] },
      { route: 'consumers', label: 'Consumers', key: 'c' },
      { route: 'source', label: 'Source', key: 's' },
      { route: 'deadLetters', label: 'Dead letters', key: 'd', holds: ['deadLetter'] },
      { route: 'topics', label: 'Topics & schemas', key: 't', holds: ['topic'] },
      { route: 'send', label: 'Send an event', key: 'e' },
    ],
  },
  {
    label: 'Operate',
    items: [
      { route: 'alerts', label: 'Alerts', key: 'a' },
      { route: 'audit', label: 'Audit', key: 'u' },
    ],
  },
];

export const NAV_ITEMS: readonly NavItem[] = NAV.flatMap(({ items }) => items);
