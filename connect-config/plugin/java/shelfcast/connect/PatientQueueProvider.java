package shelfcast.connect;

import io.debezium.connector.base.QueueProvider;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Debezium's in-memory queue, but for the way its reader waits: select it with {@code queue.provider.type=patient}.
 *
 * <p>ChangeEventQueue (Debezium 3.7) counts its poll interval in whole milliseconds. When less than one is left it does
 * not wait, it asks for the queue's size in a loop until the clock moves on: up to a millisecond of a core for every
 * poll, a quarter of a core at {@code poll.interval.ms=3} with nothing to do. This queue lets a reader that keeps
 * asking sleep that millisecond instead. The reader holds the lock meanwhile, so a change that arrives in just that
 * millisecond waits for it.
 */
public final class PatientQueueProvider<T> implements QueueProvider<T> {

    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** A poll asks five times before it loops. */
    private static final int LOOPING = 16;

    // ChangeEventQueue makes every call but size() for its metrics while it holds its lock.
    private final Queue<T> queue = new ArrayDeque<>();
    private int emptyAnswers;

    @Override
    public String name() {
        return "patient";
    }

    @Override
    public void configure(Map<String, ?> properties) {
        // ChangeEventQueue keeps the bounds
    }

    @Override
    public void enqueue(T event) {
        emptyAnswers = 0;
        queue.add(event);
    }

    @Override
    public T poll() {
        return queue.poll();
    }

    @Override
    public int size() {
        if (queue.isEmpty() && ++emptyAnswers >= LOOPING) {
            emptyAnswers = 0;
            LockSupport.parkNanos(NAP_NANOS);
        }
        return queue.size();
    }
}
