"""Reads partitions to their ends with Confluent's client and deserializer; prints what it decoded as JSON lines.

usage: decode_topics.py <bootstrap servers> <schema registry URL> <topic>/<partition>@<first offset>…
"""

import base64
import json
import math
import re
import sys
from datetime import date, datetime
from decimal import Decimal

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def as_json(value):
    """What JSON has no word for: exact numbers as text, bytes in base64."""
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, Decimal):
        return {"decimal": f"{value:f}"}
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, (date, datetime)):
        return {"time": value.isoformat()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def main(servers, registry_url, places):
    deserialize = AvroDeserializer(SchemaRegistryClient({"url": registry_url}))
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "third-party", "enable.auto.commit": False})
    ends = {}
    starts = []
    for place in places:
        topic, partition, first = re.fullmatch(r"(.+)/(\d+)@(\d+)", place).groups()
        start = TopicPartition(topic, int(partition), int(first))
        _, high = consumer.get_watermark_offsets(start, timeout=30)
        if high > start.offset:
            starts.append(start)
            ends[topic, start.partition] = high
    consumer.assign(starts)
    while ends:
        message = consumer.poll(30)
        if message is None:
            raise SystemExit(f"no record in 30 s; not read to their ends: {sorted(ends)}")
        if message.error():
            raise KafkaException(message.error())
        topic, partition = message.topic(), message.partition()
        key = message.key()
        # The monitoring topic's keys are plain text.
        if key is not None and key[:1] == b"\0":
            key = deserialize(key, SerializationContext(topic, MessageField.KEY))
        elif key is not None:
            key = key.decode()
        value = deserialize(message.value(), SerializationContext(topic, MessageField.VALUE))
        json.dump({"topic": topic, "key": as_json(key), "value": as_json(value)}, sys.stdout)
        sys.stdout.write("\n")
        if message.offset() + 1 >= ends.get((topic, partition), 0):
            ends.pop((topic, partition), None)
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
