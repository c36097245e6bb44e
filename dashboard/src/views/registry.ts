import type { Component } from 'svelte';
import type { RouteName } from '../lib/routes.ts';

/** Of a view about one thing. */
export interface DetailProps {
  /** Of the product, event, dead letter or topic. */
  readonly id: string;
}

/** A view and what the page is called while it shows; its module is loaded when it is first shown. */
export type View = { readonly title: string } & (
  | { readonly list: () => Promise<{ default: Component<Record<string, never>> }> }
  | { readonly detail: () => Promise<{ default: Component<DetailProps> }> }
);

export const VIEWS: Readonly<Record<RouteName, View>> = {
  overview: { title: 'Overview', list: () => import('./overview/OverviewView.svelte') },
  live: { title: 'Live', list: () => import('./live/LiveView.svelte') },
  products: { title: 'Products', list: () => import('./products/ProductsView.svelte') },
  product: { title: 'Product', detail: () => import('./product/ProductView.svelte') },
  event: { title: 'One change', detail: () => import('./event/EventView.svelte') },
  consumers: { title: 'Consumers', list: () => import('./consumers/ConsumersView.svelte') },
  source: { title: 'Source', list: () => import('./source/SourceView.svelte') },
  deadLetters: {
    title: 'Dead letters',
    list: () => import('./dead-letters/DeadLettersView.svelte'),
  },
  deadLetter: { title: 'Dead letter', detail: () => import('./dead-letter/DeadLetterView.svelte') },
  topics: { title: 'Topics & schemas', list: () => import('./topics/TopicsView.svelte') },
  topic: { title: 'Topic', detail: () => import('./topic/TopicView.svelte') },
  send: { title: 'Send an event', list: () => import('./send/SendView.svelte') },
  alerts: { title: 'Alerts', list: () => import('./alerts/AlertsView.svelte') },
  audit: { title: 'Audit', list: () => import('./audit/AuditView.svelte') },
};
