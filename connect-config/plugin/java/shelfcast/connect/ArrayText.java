package shelfcast.connect;

import java.util.ArrayList;
import java.util.List;

/** Postgres' text of an array: {@code {1,NULL,"a, b"}}. */
final class ArrayText {

    private ArrayText() {
    }

    /**
     * The elements' texts, null for NULL. Null for an array that a list cannot stand for: one of several dimensions, or
     * whose first element is not number 1 ({@code [0:1]={a,b}}).
     */
    static List<String> elements(String text, char delimiter) {
        if (text.length() < 2 || text.charAt(0) != '{') {
            return null;
        }
        int end = text.length() - 1;
        List<String> elements = new ArrayList<>();
        int position = 1;
        while (position < end) {
            char first = text.charAt(position);
            if (first == '{') {
                return null;
            }
            if (first == '"') {
                StringBuilder element = new StringBuilder();
                position = unquote(text, position, element);
                elements.add(element.toString());
            } else {
                int next = text.indexOf(delimiter, position);
                int stop = next < 0 ? end : next;
                String element = text.substring(position, stop);
                elements.add(element.equals("NULL") ? null : element);
                position = stop;
            }
            position++; // the delimiter, or the end
        }
        return elements;
    }

    /** @return the position after the closing quote */
    private static int unquote(String text, int start, StringBuilder element) {
        int position = start + 1;
        while (text.charAt(position) != '"') {
            if (text.charAt(position) == '\\') {
                position++;
            }
            element.append(text.charAt(position));
            position++;
        }
        return position + 1;
    }
}
