package shelfcast.connect;

import io.debezium.time.ZonedTimestamp;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Postgres' text of dates, times and intervals (datestyle ISO, intervalstyle postgres, time zone UTC) as what Debezium
 * makes of them. All throw an unchecked exception for what has no such form, infinity above all.
 */
final class TemporalText {

    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final long MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND;
    private static final long MICROS_PER_MILLI = 1_000;

    /** What Debezium writes for infinity, which readers may know. They are times too, of the year 294247. */
    private static final long INFINITY = 9_223_372_036_825_200_000L;
    private static final Set<Long> INFINITIES = Set.of(INFINITY, INFINITY / MICROS_PER_MILLI, Long.MAX_VALUE, Long.MAX_VALUE / MICROS_PER_MILLI);

    private static final String BEFORE_CHRIST = " BC";
    private static final String UTC = "+00";

    private static final Pattern INTERVAL = Pattern.compile(
            "(?:(-?\\d+) years? ?)?(?:\\+?(-?\\d+) mons? ?)?(?:\\+?(-?\\d+) days? ?)?(?:([+-]?)(\\d+):(\\d\\d):(\\d\\d(?:\\.\\d+)?))?");

    private TemporalText() {
    }

    /** {@code 2026-02-28}, {@code 0044-03-15 BC} */
    static int epochDays(String text) {
        return Math.toIntExact(date(text).toEpochDay());
    }

    /** {@code 23:59:59.999999}, also 24:00:00 */
    static long microsOfDay(String text) {
        int hours = Integer.parseInt(text, 0, 2, 10);
        int minutes = Integer.parseInt(text, 3, 5, 10);
        long seconds = Integer.parseInt(text, 6, 8, 10) + 60L * (minutes + 60L * hours);
        return seconds * MICROS_PER_SECOND + (text.length() == 8 ? 0 : fraction(text.substring(9)));
    }

    static long epochMicros(String text) {
        String moment = withoutEra(text);
        int space = moment.indexOf(' ');
        long days = date(moment.substring(0, space), moment.length() < text.length()).toEpochDay();
        long micros = Math.addExact(Math.multiplyExact(days, MICROS_PER_DAY), microsOfDay(moment.substring(space + 1)));
        return finite(micros);
    }

    static long epochMillis(String text) {
        String moment = withoutEra(text);
        int space = moment.indexOf(' ');
        long days = date(moment.substring(0, space), moment.length() < text.length()).toEpochDay();
        long micros = microsOfDay(moment.substring(space + 1));
        if (micros % MICROS_PER_MILLI != 0) {
            throw new IllegalArgumentException(text);
        }
        return finite(days * (MICROS_PER_DAY / MICROS_PER_MILLI) + micros / MICROS_PER_MILLI);
    }

    /**
     * ISO 8601, in UTC: {@code 2026-01-01T12:34:56.123456Z}; infinity is text to Debezium as well.
     *
     * @param digits of the fraction of a second
     */
    static String zonedTimestamp(String text, int digits) {
        if (text.endsWith("infinity")) {
            return text;
        }
        String moment = withoutEra(text);
        if (!moment.endsWith(UTC)) {
            throw new IllegalArgumentException(text);
        }
        int space = moment.indexOf(' ');
        LocalDate date = date(moment.substring(0, space), moment.length() < text.length());
        long micros = microsOfDay(moment.substring(space + 1, moment.length() - UTC.length()));
        LocalDateTime local = LocalDateTime.of(date, LocalTime.ofNanoOfDay(micros * 1_000));
        return ZonedTimestamp.toIsoString(local.atZone(ZoneOffset.UTC), null, digits);
    }

    /** {@code 12:34:56.1+05} becomes {@code 12:34:56.1+05:00}, and UTC is {@code Z}. */
    static String zonedTime(String text) {
        if (text.endsWith(UTC)) {
            return text.substring(0, text.length() - UTC.length()) + "Z";
        }
        boolean isWholeHours = text.length() > 3 && text.charAt(text.length() - 3) != ':';
        return isWholeHours ? text + ":00" : text;
    }

    /** {@code 1 year -2 mons +04:05:06.7} becomes {@code P1Y-2M0DT4H5M6.7S}; infinity stays. */
    static String isoInterval(String text) {
        if (text.endsWith("infinity")) {
            return text;
        }
        Matcher parts = INTERVAL.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException(text);
        }
        String sign = "-".equals(parts.group(4)) ? "-" : "";
        return "P" + whole("", parts.group(1)) + "Y" + whole("", parts.group(2)) + "M" + whole("", parts.group(3)) + "DT"
                + whole(sign, parts.group(5)) + "H" + whole(sign, parts.group(6)) + "M" + whole(sign, parts.group(7)) + "S";
    }

    private static String whole(String sign, String digits) {
        if (digits == null) {
            return "0";
        }
        BigDecimal number = new BigDecimal(sign + digits).stripTrailingZeros();
        return number.toPlainString();
    }

    private static String withoutEra(String text) {
        return text.endsWith(BEFORE_CHRIST) ? text.substring(0, text.length() - BEFORE_CHRIST.length()) : text;
    }

    private static LocalDate date(String text) {
        String date = withoutEra(text);
        return date(date, date.length() < text.length());
    }

    private static LocalDate date(String text, boolean isBeforeChrist) {
        int dash = text.indexOf('-');
        int year = Integer.parseInt(text, 0, dash, 10);
        int month = Integer.parseInt(text, dash + 1, dash + 3, 10);
        int day = Integer.parseInt(text, dash + 4, text.length(), 10);
        return LocalDate.of(isBeforeChrist ? 1 - year : year, month, day);
    }

    private static long fraction(String digits) {
        return Long.parseLong((digits + "000000").substring(0, 6));
    }

    private static long finite(long time) {
        if (INFINITIES.contains(time)) {
            throw new IllegalArgumentException("it would be read as infinity");
        }
        return time;
    }
}
