# SPDX-License-Identifier: Apache-2.0
"""Full reads of topics by an independent client, and records of our own on them."""
import collections
import json

import confluent_kafka
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

Record = collections.namedtuple("Record", "topic partition offset key headers value")


def consumer(brokers):
    return Consumer({"bootstrap.servers": brokers, "group.id": "flow-reader", "enable.auto.commit": False,
                     "enable.partition.eof": True, "auto.offset.reset": "error", "log_level": 0,
                     "isolation.level": "read_committed", "fetch.wait.max.ms": 20})


def read_all(brokers, topic, timeout=30):
    """All records of a topic up to its end as of now, in the order of partition, offset."""
    reader = consumer(brokers)
    try:
        about = reader.list_topics(topic, timeout=10).topics[topic]
        if about.error is not None:
            raise LookupError("topic %s: %s" % (topic, about.error))
        reader.assign([TopicPartition(topic, part, 0) for part in about.partitions])
        records, open_parts = [], set(about.partitions)
        while open_parts:
            message = reader.poll(timeout)
            assert message is not None, "topic %s was not read to its end in %s s" % (topic, timeout)
            if message.error():
                code = message.error().code()
                if code == confluent_kafka.KafkaError._PARTITION_EOF:
                    open_parts.discard(message.partition())
                    continue
                raise OSError(str(message.error()))
            records.append(Record(topic, message.partition(), message.offset(), message.key(),
                                  [(name, value) for name, value in message.headers() or []], message.value()))
    finally:
        reader.close()
    return sorted(records, key=lambda one: (one.partition, one.offset))


def header(record, name):
    for one, value in record.headers:
        if one == name:
            return None if value is None else value.decode("utf-8", "replace")
    return None


def data(record):
    return json.loads(record.value)


def copy(brokers, records, topic):
    """Puts records on another topic: same partition, key, headers, value, order."""
    producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "log_level": 0, "linger.ms": 5})
    problems = []
    for one in records:
        while True:
            try:
                producer.produce(topic, value=one.value, key=one.key, headers=one.headers, partition=one.partition,
                                 on_delivery=lambda error, _: problems.append(error) if error else None)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(60) == 0 and not problems, problems


def delete(brokers, names):
    """Topics that a restarted broker need not look at."""
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    there = set(admin.list_topics(timeout=10).topics)
    for one in admin.delete_topics([name for name in names if name in there] or ["none-of-ours"]).values():
        try:
            one.result(10)
        except confluent_kafka.KafkaException:
            pass
