package shelfcast.connect.snapshot;

/**
 * Why the chunk that was read last in this thread could not be read. Debezium's notification of the failure, which is
 * sent in the same thread right afterwards, has the status only.
 */
final class ReadFailure {

    private static final ThreadLocal<String> REASON = new ThreadLocal<>();

    private ReadFailure() {
    }

    static void note(Exception failure) {
        REASON.set(String.valueOf(failure.getMessage()));
    }

    /** The reason, once; null where none was noted. */
    static String take() {
        String reason = REASON.get();
        REASON.remove();
        return reason;
    }
}
