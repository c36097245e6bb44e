import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isUriReference } from './uri-reference.ts';

test('URIs and relative references are taken, other texts are not', () => {
  const taken = [
    ...[
      'https://shop.example/till/3?a=1#top',
      '/till/3',
      'till',
      'urn:till:3',
      'mailto:a@b.example',
    ],
    ...[
      '//shop.example',
      '/debezium/postgresql/pis',
      'https://[2001:db8::1]:8443/',
      '?q',
      '#f',
      'a/b:c',
    ],
    'https://shop.example/caf%C3%A9',
  ];
  const refused = [
    ...[
      'a b',
      'till 3',
      'https://shop.example/café',
      '/%zz',
      '/%4',
      ':',
      '1a:b',
      'http://[::1',
      'a\\b',
    ],
    ...['<script>', 'a#b#c', '/{id}', 'http://a:port/', '"', '^'],
  ];
  assert.equal(
    taken.filter((text) => !isUriReference(text)),
    [],
  );
  assert.equal(refused.filter(isUriReference), []);
});

test.run();
