package dev.embedcl.io;

/** Text from a file made fit for a one-line message. */
final class Quoted {
  private static final int LONGEST = 80;

  private Quoted() {}

  /** Returns the text in quotes, cut to 80 characters, with control characters made visible. */
  static String of(String text) {
    return "'" + plain(text, LONGEST) + "'";
  }

  /** Returns the text cut to {@code longest} characters, with control characters made visible. */
  static String plain(String text, int longest) {
    StringBuilder line = new StringBuilder();
    int shown = Math.min(text.length(), longest);
    for (int i = 0; i < shown; i++) {
      char c = text.charAt(i);
      // A hostile name must not move a terminal's cursor or start a second log line.
      if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
        line.append(String.format("\\u%04x", (int) c));
      } else {
        line.append(c);
      }
    }
    return shown < text.length() ? line.append('…').toString() : line.toString();
  }
}
