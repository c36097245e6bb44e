import kafkajs from 'kafkajs';

/** For broker operations that only tests need, and that service-kit's port therefore does not offer. */
export async function withKafkajsAdmin<T>(
  bootstrapServers: string,
  work: (admin: kafkajs.Admin) => Promise<T>,
): Promise<T> {
  const admin = new kafkajs.Kafka({
    brokers: bootstrapServers.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
