import {
  discard,
  enableSubscriber,
  failingSubscribers,
  listDeliveries,
  listSubscribers,
  redeliver,
} from '@shelfcast/consumers/operations/subscribers';
import { eventually } from '@shelfcast/service-kit/eventually';
import { NO_PRIVATE } from '@shelfcast/service-kit/webhooks/address-policy';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPricingHarness, type PricingHarness, product } from '../support/pricing-harness.ts';
import {
  answer,
  type Behaviour,
  endlessly,
  hang,
  type Received,
  type Receiver,
  slowly,
} from '../support/webhook-receiver.ts';

const test = suite<PricingHarness>('webhooks');

test.before.each(async (context) => {
  Object.assign(context, await openPricingHarness());
});
test.after.each((context) => context.close());

/** Creates products, and then gives each of them prices from 1 to `prices`. */
async function pricesOf(harness: PricingHarness, productIds: readonly string[], prices: number) {
  for (let price = 1; price <= prices; price += 1) {
    const op = price === 1 ? 'create' : 'update';
    await harness.deliver(productIds.map((id) => product(id, { price: `${price}.00` }, { op })));
  }
}

const newPrices = (messages: readonly Received[], productId: string) =>
  messages
    .filter(({ payload }) => payload.data.productId === productId)
    .map(({ payload }) => Number(payload.data.newPrice?.amount));

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** Everything has arrived: once, in order, signed. */
function assertComplete(receiver: Receiver, productIds: readonly string[], prices: number): void {
  for (const id of productIds) assert.equal(newPrices(receiver.accepted, id), upTo(prices), id);
  assert.equal(receiver.forged, [], 'signatures that did not verify');
  const ids = receiver.accepted.map(({ webhookId }) => webhookId);
  assert.is(new Set(ids).size, ids.length, 'a webhook-id was accepted twice');
  for (const { webhookId, payload } of receiver.accepted) {
    assert.is(payload.data.eventId, webhookId);
  }
}

const PRODUCTS = ['P-1', 'P-2', 'P-3', 'P-4'];

test('a healthy receiver gets every price change once, in order, signed', async (context) => {
  const receiver = await context.subscribe();
  context.startDeliverer();
  context.startDeliverer(); // a second process shares the work
  await pricesOf(context, PRODUCTS, 10);
  await eventually(() => assertComplete(receiver, PRODUCTS, 10), {
    what: 'all',
    timeoutMs: 20_000,
  });
});

const misbehaviours: Record<string, Behaviour> = {
  'answers 500': answer(500),
  'answers 429 with Retry-After': answer(429, { 'retry-after': '1' }),
  'redirects elsewhere': answer(302, { location: 'http://169.254.169.254/' }),
  hangs: hang,
  'answers a header at a time': slowly,
  'closes the connection': (request) => request.socket.destroy(),
  'answers 500 with an endless body': endlessly(500),
};

for (const [what, misbehaviour] of Object.entries(misbehaviours)) {
  test(`a receiver that ${what} and comes back loses nothing, in order`, async (context) => {
    const receiver = await context.subscribe();
    receiver.behave(() => misbehaviour);
    context.startDeliverer();
    await pricesOf(context, PRODUCTS, 5);
    await eventually(() => receiver.asked.length >= 6, {
      what: 'some attempts',
      timeoutMs: 20_000,
    });
    assert.is(receiver.accepted.length, 0);

    receiver.behave(() => answer(200));

    await eventually(() => assertComplete(receiver, PRODUCTS, 5), {
      what: 'all',
      timeoutMs: 20_000,
    });
    const { rows } = await context.pool.query(
      `select attempts > 1 as again, last_attempt_at is not null as tried from pricing.deliveries
       where event_nr <= 4`,
    );
    assert.ok(
      rows.every(({ again, tried }) => again && tried),
      'attempts are in the ledger',
    );
  });
}

test('a receiver that answers 2xx with a body of gigabytes is content, and memory stays flat', async (context) => {
  const receiver = await context.subscribe();
  receiver.behave(() => endlessly(200));
  context.startDeliverer();
  await pricesOf(context, ['P-1'], 1);
  await eventually(() => receiver.asked.length === 1, { what: 'warm' });
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  await pricesOf(context, PRODUCTS.slice(1), 10);
  await eventually(() => assertComplete(receiver, PRODUCTS.slice(1), 10), {
    what: 'all',
    timeoutMs: 30_000,
  });
  clearInterval(watch);
  const grownMiB = Math.round((most - before) / 1024 / 1024);
  console.log(`memory grew by ${grownMiB} MiB at most`);
  assert.ok(grownMiB < 100, `memory grew by ${grownMiB} MiB`);
});

test('a product whose webhook fails holds up nothing but itself', async (context) => {
  const receiver = await context.subscribe();
  receiver.behave(({ payload }) => (payload.data.productId === 'P-1' ? answer(400) : answer(204)));
  context.startDeliverer({ policy: { longestRetryMs: 60_000, firstRetryMs: 60_000 } });
  await pricesOf(context, PRODUCTS, 5);
  await eventually(
    () => {
      for (const id of ['P-2', 'P-3', 'P-4'])
        assert.equal(newPrices(receiver.accepted, id), upTo(5));
    },
    { what: 'the others' },
  );
  assert.equal(newPrices(receiver.asked, 'P-1'), [1]);
});

test('an open breaker leaves the subscriber in peace and the other one is served', async (context) => {
  const down = await context.subscribe();
  const up = await context.subscribe();
  down.behave(() => hang);
  context.startDeliverer({
    policy: { breakerThreshold: 3, breakerFirstMs: 2_000, breakerLongestMs: 2_000 },
  });
  await pricesOf(context, PRODUCTS, 3);
  await eventually(() => assertComplete(up, PRODUCTS, 3), {
    what: 'the healthy one',
    timeoutMs: 3_000,
  });
  await eventually(
    async () => {
      const states = new Map(
        (await listSubscribers(context.pool)).map(({ id, state }) => [id, state]),
      );
      assert.match(states.get(down.id) ?? '', 'left in peace');
      assert.is(states.get(up.id), 'healthy');
    },
    { what: 'the breaker to open' },
  );
  const asked = down.asked.length;
  assert.ok(asked <= 8, `${asked} attempts before it opened`);
  await eventually(() => down.asked.length > asked, { what: 'a probe' });
  assert.is(down.asked.length, asked + 1, 'one probe at a time');

  down.behave(() => answer(200));

  await eventually(() => assertComplete(down, PRODUCTS, 3), { what: 'all', timeoutMs: 20_000 });
  assert.ok((await listSubscribers(context.pool)).every(({ state }) => state === 'healthy'));
});

test('Retry-After holds for the subscriber, whichever product it was said of', async (context) => {
  const receiver = await context.subscribe();
  const other = await context.subscribe();
  receiver.behave(() => answer(429, { 'retry-after': '3' }));
  context.startDeliverer({ policy: { longestRetryMs: 10_000 } });
  await pricesOf(context, ['P-1'], 1);
  await eventually(() => receiver.asked.length === 1, { what: 'the first attempt' });
  receiver.behave(() => answer(200));
  await pricesOf(context, PRODUCTS.slice(1), 3);
  await eventually(() => assertComplete(other, PRODUCTS.slice(1), 3), { what: 'the other one' });
  assert.is(receiver.asked.length, 1, 'it is left alone');
  const [listed] = await listSubscribers(context.pool);
  assert.match(listed?.state ?? '', /^asked to be left alone until \d\d:/);
  await eventually(() => assertComplete(receiver, PRODUCTS.slice(1), 3), {
    what: 'all',
    timeoutMs: 20_000,
  });
  const [first, second] = receiver.asked.map(({ atMs }) => atMs);
  assert.ok((second ?? 0) - (first ?? 0) >= 2_900, 'as long as it asked for');
});

test('410 disables a subscriber and says so; enabled, it goes on where it was', async (context) => {
  const receiver = await context.subscribe();
  const other = await context.subscribe();
  receiver.behave(() => answer(410));
  context.startDeliverer();
  await pricesOf(context, ['P-1'], 1);
  await eventually(
    async () =>
      assert.is(
        (await listSubscribers(context.pool)).find(({ id }) => id === receiver.id)?.state,
        'disabled: it answered 410 Gone',
      ),
    { what: 'it is disabled' },
  );
  assert.match(await context.registry.metrics(), /attempts_total\{[^}]*outcome="gone"\} 1/);
  assert.equal(await failingSubscribers(context.pool), [
    { id: receiver.id, gone: true, failed: 0 },
  ]);
  await pricesOf(context, ['P-2'], 5);
  await eventually(() => assertComplete(other, ['P-2'], 5), { what: 'the other one' });
  assert.is(receiver.asked.length, 1, 'it is asked no more');

  receiver.behave(() => answer(200));
  await enableSubscriber(context.pool, receiver.id);
  await eventually(() => assertComplete(receiver, ['P-1'], 1), { what: 'what waited' });
  assert.equal(await failingSubscribers(context.pool), []);
});

test('beyond the horizon a delivery is given up, kept, and sent when an operator says so', async (context) => {
  const receiver = await context.subscribe();
  receiver.behave(() => answer(500));
  context.startDeliverer({ policy: { horizonMs: 300 } });
  await pricesOf(context, ['P-1'], 3);
  await eventually(async () => assert.is((await listSubscribers(context.pool))[0]?.failed, 1n), {
    what: 'the first is given up',
  });
  assert.equal([...new Set(newPrices(receiver.asked, 'P-1'))], [1], 'the later ones wait');
  assert.equal(await failingSubscribers(context.pool), [
    { id: receiver.id, gone: false, failed: 1 },
  ]);
  receiver.behave(() => answer(200));

  assert.is(await redeliver(context.pool, { subscriberId: receiver.id, eventId: undefined }), 1);

  await eventually(() => assertComplete(receiver, ['P-1'], 3), { what: 'all' });
});

test('what an operator discards is not sent, and what waited behind it is', async (context) => {
  const receiver = await context.subscribe();
  receiver.behave(({ payload }) => answer(payload.data.newPrice?.amount === '1.00' ? 500 : 200));
  context.startDeliverer({ policy: { horizonMs: 300 } });
  await pricesOf(context, ['P-1'], 3);
  await eventually(
    async () =>
      assert.is(await discard(context.pool, { subscriberId: receiver.id, eventId: undefined }), 1),
    { what: 'the first to be given up' },
  );
  await eventually(() => assert.equal(newPrices(receiver.accepted, 'P-1'), [2, 3]), {
    what: 'the rest',
  });
});

test('a private address is refused, as a literal, by name, and after the name changed', async (context) => {
  const receiver = await context.subscribe();
  let lookups = 0;
  const { rows } = await context.pool.query<{ url: string }>('select url from pricing.subscribers');
  const url = new URL(rows[0]?.url ?? '');
  context.startDeliverer({
    allowed: NO_PRIVATE,
    resolve: (_, done) => {
      lookups += 1;
      // Another address at each lookup: the DNS rebinding trick.
      done(null, [{ address: lookups % 2 === 1 ? '127.0.0.1' : '8.8.8.8', family: 4 }]);
    },
  });
  const refusals = async () =>
    (await listDeliveries(context.pool, { subscriberId: undefined, limit: 1 }))[0]?.lastError ?? '';
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '[::ffff:127.0.0.1]',
    '[::1]',
    'rebinding.example',
  ]) {
    url.hostname = host;
    await context.pool.query('update pricing.subscribers set url = $1', [url.href]);
    await context.pool.query('truncate pricing.deliveries');
    await context.deliver([product(`P-${host}`, { price: '1.00' }, { op: 'create' })]);
    await eventually(async () => assert.match(await refusals(), 'must not be called'), {
      what: host,
    });
    lookups = 0;
  }
  assert.equal(receiver.asked, []);
});

test('no more than the rate a subscriber asks for', async (context) => {
  const receiver = await context.subscribe({ ratePerSecond: 5 });
  await pricesOf(
    context,
    upTo(15).map((nr) => `P-${nr}`),
    1,
  );
  context.startDeliverer();
  await eventually(() => receiver.accepted.length === 15, { what: 'all', timeoutMs: 15_000 });
  const [first, last] = [receiver.accepted[0]?.atMs ?? 0, receiver.accepted.at(-1)?.atMs ?? 0];
  assert.ok(last - first >= 1_500, `15 in ${last - first} ms at 5 a second with a burst of 5`);
});

test('filters: category, brand, products, share', async (context) => {
  const all = await context.subscribe();
  const lamps = await context.subscribe({ category: 'Lamps', brand: 'Norrland' });
  const one = await context.subscribe({ productIds: ['P-2', 'P-9'] });
  const large = await context.subscribe({ minRelativeChange: '0.10' });
  context.startDeliverer();
  const created = { op: 'create' as const };
  await context.deliver([
    product('P-1', { price: '10.00', category: 'Lamps', brand: 'Norrland' }, created),
    product('P-2', { price: '10.00', category: 'Desks', brand: 'Norrland' }, created),
    product('P-1', { price: '10.50', category: 'Lamps', brand: 'Norrland' }),
    product('P-2', { price: '11.00', category: 'Desks', brand: 'Norrland' }),
  ]);
  const told = ({ accepted }: Receiver) =>
    accepted.map(({ payload: { data } }) => `${data.productId} ${data.newPrice?.amount}`).sort();
  await eventually(
    () => {
      assert.equal(told(all), ['P-1 10.00', 'P-1 10.50', 'P-2 10.00', 'P-2 11.00']);
      assert.equal(told(lamps), ['P-1 10.00', 'P-1 10.50']);
      assert.equal(told(one), ['P-2 10.00', 'P-2 11.00']);
      assert.equal(told(large), ['P-1 10.00', 'P-2 10.00', 'P-2 11.00']);
    },
    { what: 'each its own' },
  );
});

test('a deliverer that is stopped midway gives back what it could not end; metrics tell', async (context) => {
  const receiver = await context.subscribe();
  receiver.behave(() => hang);
  const first = context.startDeliverer({ policy: { attemptTimeoutMs: 60_000 } });
  await pricesOf(context, PRODUCTS, 2);
  await eventually(() => receiver.asked.length === 4, { what: 'attempts under way' });
  await first.stop();
  const text = await context.registry.metrics();
  assert.match(text, /shelfcast_webhook_oldest_waiting_seconds\{subscriber="sub_\w+"\} [1-9]/);
  receiver.behave(() => answer(200));
  context.startDeliverer();
  await eventually(() => assertComplete(receiver, PRODUCTS, 2), {
    what: 'all, without a lease to wait for',
  });
  await eventually(
    async () =>
      assert.match(
        await context.registry.metrics(),
        /attempts_total\{[^}]*outcome="delivered"\} 8/,
      ),
    { what: 'the count of what was delivered' },
  );
});

test.run();
