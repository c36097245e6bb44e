// A group member in a process of its own, for tests that kill it: <servers> <group> <topic>.
import { createKafka } from '@shelfcast/service-kit/kafka';
import { silentLogger } from '@shelfcast/service-kit/process/logging';

const [servers = '', groupId = '', topic = ''] = process.argv.slice(2);
const kafka = createKafka({
  connection: { bootstrapServers: servers.split(','), maxRecordBytes: 1024 * 1024 },
  clientId: 'child',
  log: silentLogger(),
});
const consumer = await kafka.createConsumer({
  groupId,
  topics: [topic],
  onBatch: async () => {},
  onFatal: () => process.exit(1),
});
let announced = 0;
setInterval(() => {
  const count = consumer.assignment().length;
  if (count !== announced) process.stdout.write(`${count}\n`);
  announced = count;
}, 50);
