package dev.embedcl.text;

import com.knuddels.jtokkit.api.Encoding;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * GPT-2's encoder written down a second time, as plainly as possible: its regular expression, and
 * merges of the lowest rank, leftmost first, over a list. Only the vocabulary file is jtokkit's.
 */
final class ReferenceBpe {
  static final Pattern PIECES =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern SPECIAL = Pattern.compile(Pattern.quote("<|endoftext|>"));
  private static final int NONE = Integer.MAX_VALUE;

  private final Map<String, Integer> ranks = new HashMap<>();

  ReferenceBpe() {
    try (InputStream in =
            Encoding.class.getResourceAsStream("/com/knuddels/jtokkit/r50k_base.tiktoken");
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int blank = line.indexOf(' ');
        byte[] bytes = Base64.getDecoder().decode(line.substring(0, blank));
        ranks.put(
            new String(bytes, StandardCharsets.ISO_8859_1),
            Integer.parseInt(line.substring(blank + 1)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int[] encode(String text) {
    List<Integer> ids = new ArrayList<>();
    Matcher special = SPECIAL.matcher(text);
    int from = 0;
    while (special.find()) {
      encodeOrdinary(text.substring(from, special.start()), ids);
      ids.add(50256);
      from = special.end();
    }
    encodeOrdinary(text.substring(from), ids);
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  static List<String> pieces(String text) {
    return PIECES.matcher(text).results().map(result -> result.group()).toList();
  }

  private void encodeOrdinary(String text, List<Integer> ids) {
    for (String piece : pieces(text)) {
      byte[] utf8 = piece.getBytes(StandardCharsets.UTF_8);
      merge(new String(utf8, StandardCharsets.ISO_8859_1), ids);
    }
  }

  private void merge(String bytes, List<Integer> ids) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < bytes.length(); i++) {
      parts.add(bytes.substring(i, i + 1));
    }
    while (true) {
      int lowest = NONE;
      int at = -1;
      for (int i = 0; i + 1 < parts.size(); i++) {
        int rank = ranks.getOrDefault(parts.get(i) + parts.get(i + 1), NONE);
        if (rank < lowest) {
          lowest = rank;
          at = i;
        }
      }
      if (at < 0) {
        break;
      }
      parts.set(at, parts.get(at) + parts.remove(at + 1));
    }
    for (String part : parts) {
      ids.add(ranks.get(part));
    }
  }
}
