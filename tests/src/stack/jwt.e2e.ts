// JWTs as a stranger, a person with an odd name and a careless issuer have them, at the services' own ports.
import {
  createHash,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign as signBytes,
} from 'node:crypto';
import { createServer } from 'node:http';
import { type CompactJWSHeaderParameters, CompactSign, exportJWK } from 'jose';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { listen } from '../support/listen.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { startTestApi, type TestApi } from '../support/producer-api.ts';

const ISSUER = 'https://issuer.test';
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface Context {
  jwks: Awaited<ReturnType<typeof listen>>;
  api: TestApi;
  monitor: TestMonitor;
}

const test = suite<Context>('JWTs');

test.before(async (context) => {
  const keys = [
    { ...(await exportJWK(ec.publicKey)), kid: 'ec', use: 'sig' },
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', use: 'sig' },
  ];
  context.jwks = await listen(
    createServer((_request, response) => response.end(JSON.stringify({ keys }))),
  );
  const settings = { OIDC_ISSUER: ISSUER, OIDC_JWKS_URL: `${context.jwks.origin}/jwks` };
  context.api = await startTestApi(settings);
  context.monitor = await startTestMonitor(settings);
});
test.after(async ({ jwks, api, monitor }) => {
  await monitor.close();
  await api.close();
  await jwks.close();
});

const nowS = () => Math.floor(Date.now() / 1_000);
const good = () => ({
  ...{ iss: ISSUER, aud: 'shelfcast', sub: 'ada', exp: nowS() + 600, roles: ['viewer'] },
});
const encoded = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

interface Signed {
  /** In place of, or beside, those of a token that is taken; undefined takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: KeyObject;
  /** In place of the claims. */
  readonly payload?: string;
}

function sign({ claims, header, key = ec.privateKey, payload }: Signed): Promise<string> {
  const text = payload ?? JSON.stringify({ ...good(), ...claims });
  const protectedHeader: CompactJWSHeaderParameters = { alg: 'ES256', kid: 'ec', ...header };
  return new CompactSign(Buffer.from(text))
    .setProtectedHeader(protectedHeader)
    .sign(key, { crit: { exp: true, b64: true, 'x-ours': true } });
}

/** With a header that no library would sign, in the right way all the same; a text is a shared secret. */
function signedByHand(header: unknown, key: string | Buffer | KeyObject): string {
  const content = `${encoded(header)}.${encoded(good())}`;
  const signature =
    typeof key === 'string' || Buffer.isBuffer(key)
      ? createHmac('sha256', key).update(content).digest()
      : signBytes('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
}

/** Who has failed too often to say who one is waits for the next second. */
async function askOne(url: string, token: string): Promise<number> {
  for (;;) {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}/metrics`, { headers });
    await response.body?.cancel();
    if (!response.ok) {
      assert.is(response.headers.get('content-type'), 'application/problem+json');
    }
    if (response.status === 401) assert.is(response.headers.get('www-authenticate'), 'Bearer');
    if (response.status !== 429) return response.status;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What the services say to a token, which is to be the same. */
async function ask({ api, monitor }: Context, token: string): Promise<number> {
  const status = await askOne(api.url, token);
  assert.is(await askOne(monitor.url, token), status);
  return status;
}

async function all(
  context: Context,
  status: number,
  cases: Readonly<Record<string, string | Promise<string>>>,
): Promise<void> {
  for (const [name, token] of Object.entries(cases)) {
    assert.is(await ask(context, await token), status, name);
  }
}

test('what an issuer signs in good faith is taken', (context) =>
  all(context, 200, {
    'as they are': sign({}),
    'another key': sign({ key: rsa.privateKey, header: { alg: 'RS256', kid: 'rsa' } }),
    'no kid': sign({ header: { kid: undefined } }),
    'an audience among others': sign({ claims: { aud: ['billing', 'shelfcast'] } }),
    'expired, by a slow clock': sign({ claims: { exp: nowS() - 2 } }),
    'not before, by a fast clock': sign({ claims: { nbf: nowS() + 2 } }),
    'issued in the past': sign({ claims: { iat: 0, jti: 'x', name: 'Ada' } }),
    'roles as a text': sign({ claims: { roles: 'openid shelfcast:viewer' } }),
    'a role among others': sign({ claims: { roles: ['admin', 'operator', 7, null] } }),
    'a name of any letters': sign({ claims: { sub: 'Åda ☃ <b>\u202e' } }),
    'the longest name': sign({ claims: { sub: 'x'.repeat(255) } }),
  }));

test('who it is must be said in a text that names one person', (context) =>
  all(
    context,
    401,
    Object.fromEntries(
      [
        ...['', ' ', '\u0000', 'ada\u0000', 'a\nb', '\u0085', '\ud800', 'x'.repeat(256)],
        ...['x'.repeat(5_000), {}, { toString: 'ada' }, ['ada'], 7, true, null, undefined],
      ].map((sub, nr) => [
        `${nr}: ${JSON.stringify(sub)?.slice(0, 30)}`,
        sign({ claims: { sub } }),
      ]),
    ),
  ));

test('a role is named whole, in the one claim that is for it', (context) =>
  all(
    context,
    403,
    Object.fromEntries(
      [
        ...['oshelfcast:perator', 'shelfcast:shelfcast:viewer', 'viewer,operator', 'Viewer', ''],
        ...['viewer\u0000', 'viewer\n', 'shelfcast:', 'admin', 'vіewer', 7, true, null, undefined],
        ...[[['viewer']], [{ viewer: true }], { viewer: true }, { roles: ['viewer'] }, []],
      ].map((roles, nr) => [
        `${nr}: ${JSON.stringify(roles)}`,
        sign({ claims: { roles, role: 'operator', scope: 'operator', realm_access: { roles } } }),
      ]),
    ),
  ));

test('times, issuers and audiences', (context) =>
  all(context, 401, {
    'without an end': sign({ claims: { exp: undefined } }),
    'an end in words': sign({ claims: { exp: `${nowS() + 600}` } }),
    'an end that is none': sign({ claims: { exp: null } }),
    expired: sign({ claims: { exp: nowS() - 10 } }),
    'not yet': sign({ claims: { nbf: nowS() + 60 } }),
    'not yet, in words': sign({ claims: { nbf: 'tomorrow' } }),
    'another issuer': sign({ claims: { iss: 'https://other.test' } }),
    'nearly ours': sign({ claims: { iss: `${ISSUER}/` } }),
    'several issuers': sign({ claims: { iss: [ISSUER, 'https://other.test'] } }),
    'no issuer': sign({ claims: { iss: undefined } }),
    'for others': sign({ claims: { aud: 'shelfcast-billing' } }),
    'for several others': sign({ claims: { aud: ['a', 'b'] } }),
    'for an object': sign({ claims: { aud: { shelfcast: true } } }),
    'for no audience': sign({ claims: { aud: [] } }),
    'for whom it may concern': sign({ claims: { aud: undefined } }),
  }));

test('signatures', async (context) => {
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
  const jwk = await exportJWK(stranger.publicKey);
  const right = await sign({});
  const [header = '', payload = '', signature = ''] = right.split('.');
  const asOperator = encoded({ ...good(), roles: ['operator'] });
  await all(context, 401, {
    none: `${encoded({ alg: 'none' })}.${payload}.`,
    'none, in capitals': `${encoded({ alg: 'NONE' })}.${payload}.${signature}`,
    'none of none': `${encoded({})}.${payload}.${signature}`,
    'a shared secret that is the public key': signedByHand({ alg: 'HS256', kid: 'rsa' }, pem),
    'the same without a kid': signedByHand({ alg: 'HS256' }, pem),
    'another’s key': sign({ key: stranger.privateKey }),
    'a key that it brings': sign({ key: stranger.privateKey, header: { kid: undefined, jwk } }),
    'a key from elsewhere': sign({
      ...{ key: stranger.privateKey, header: { kid: undefined, jku: 'http://127.0.0.1:1/' } },
    }),
    'a kid of another kind of key': sign({ header: { kid: 'rsa' } }),
    'a kid that is a path': sign({ header: { kid: '../../../dev/null' } }),
    'a kid that is SQL': sign({ header: { kid: "ec' or '1'='1" } }),
    'an algorithm that is not taken': sign({
      ...{ key: rsa.privateKey, header: { alg: 'PS256', kid: 'rsa' } },
    }),
    'another’s claims': `${header}.${asOperator}.${signature}`,
    'no signature': `${header}.${payload}.`,
    'half of one': `${header}.${payload}.${signature.slice(0, 40)}`,
    'a signature of nulls': `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
    'a critical header that is unknown': sign({ header: { crit: ['x-ours'], 'x-ours': 1 } }),
    'no critical header at all': `${encoded({ alg: 'ES256', crit: [] })}.${payload}.${signature}`,
    'a payload that is said not to be encoded': signedByHand(
      { alg: 'ES256', kid: 'ec', b64: false, crit: ['b64'] },
      ec.privateKey,
    ),
    'something critical that is not there': signedByHand(
      { alg: 'ES256', kid: 'ec', crit: ['x'] },
      ec.privateKey,
    ),
    'claims in a list': sign({ payload: '[]' }),
    'claims that are none': sign({ payload: '{"iss":' }),
    'claims in a text': sign({ payload: JSON.stringify('ada') }),
    'a header that is none': `${encoded('{"alg"')}.${payload}.${signature}`,
    'a header in a list': `${encoded([])}.${payload}.${signature}`,
    'an algorithm in a list': `${encoded({ alg: ['ES256'] })}.${payload}.${signature}`,
    'four parts': `${right}.${signature}`,
    'five parts, as one that is encrypted': `${right}.${signature}.${signature}`,
    'nothing but points': '..',
  });
});

test('names that look alike are not one, nor are those of tokens', async (context) => {
  const name = `jwt-${randomUUID().slice(0, 8)}`;
  const subjects = ['ada', 'Ada', 'ada ', 'a\u0301da', '\u00e1da', 'ada#1', 'issuer.test#ada'];
  for (const sub of subjects) {
    const token = await sign({ claims: { sub, roles: ['operator'] } });
    const { status } = await context.api.call('DELETE', `/topics/${name}`, undefined, {
      authorization: `Bearer ${token}`,
    });
    assert.is(status, 404);
  }
  const { body } = await context.api.call('GET', '/audit', undefined, {
    authorization: `Bearer ${await sign({})}`,
  });
  const { items } = z.object({ items: z.array(z.object({ who: z.string() })) }).parse(body);
  assert.equal(
    items.map(({ who }) => who).reverse(),
    subjects.map((sub) => `${ISSUER}#${sub}`),
  );
});

test('without the issuer’s keys no caller is let in, and each is told to come again', async () => {
  const token = createHash('sha256').update('x').digest('hex');
  const away = await startTestApi({ OIDC_ISSUER: ISSUER, OIDC_JWKS_URL: 'http://127.0.0.1:9/' });
  try {
    const authorization = `Bearer ${await sign({})}`;
    const answer = await away.call('GET', '/metrics', undefined, { authorization });
    assert.is(answer.status, 503);
    assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
    const odd = await away.call('GET', '/metrics', undefined, { authorization: `Bearer ${token}` });
    assert.is(odd.status, 401, 'what is no JWT needs no keys');
  } finally {
    await away.close();
  }
});

test.run();
