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
 * <p>ChangeEventQueue (Debezium 3.7) lets its reader collect for the whole poll interval, even when it has records
 * already, unless the batch or the queue is full. All it goes by is {@link #size()}: so this queue calls itself full to
 * a writer that has just put a record in, which wakes the reader, and to a reader that has just taken some, which ends
 * its poll. Records that come while others are on their way make the next batch, as many as there are.
 *
 * <p>It also counts that interval in whole milliseconds. When less than one is left it does not wait, it asks for the
 * size in a loop until the clock moves on: up to a millisecond of a core for every poll, a quarter of a core at {@code
 * poll.interval.ms=3} with nothing to do. A reader that keeps asking sleeps that millisecond instead. It holds the lock
 * meanwhile, so a change that arrives in just that millisecond waits for it.
 */
public final class PatientQueueProvider<T> implements QueueProvider<T> {

    private static final int FULL = Integer.MAX_VALUE;

    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** A poll asks five times before it loops. */
    private static final int LOOPING = 16;

    // ChangeEventQueue makes every call but size() for its metrics while it holds its lock.
    private final Queue<T> queue = new ArrayDeque<>();
    private int emptyAnswers;

    /** Who has put in or taken out a record since the last question for the size; the question comes from the same thread. */
    private volatile Thread moved;

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
        moved = Thread.currentThread();
    }

    @Override
    public T poll() {
        moved = Thread.currentThread();
        return queue.poll();
    }

    @Override
    public int size() {
        if (moved == Thread.currentThread()) {
            moved = null;
            return FULL;
        }
        if (queue.isEmpty() && ++emptyAnswers >= LOOPING) {
            emptyAnswers = 0;
            LockSupport.parkNanos(NAP_NANOS);
        }
        return queue.size();
    }
}
