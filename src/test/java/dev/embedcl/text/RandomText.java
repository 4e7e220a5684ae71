package dev.embedcl.text;

import java.util.SplittableRandom;

/** Texts made of what a tokenizer can get wrong. */
final class RandomText {
  private static final String[] PARTS = {
    "a",
    "the",
    " the",
    "The",
    "ing",
    "someunknownPlace",
    "x",
    "é",
    "ß",
    "中",
    "文字",
    "あ",
    "ด",
    "\uD835\uDCB3", // a mathematical letter outside the basic plane
    "\uD835\uDFD9", // a mathematical digit outside the basic plane
    "\uD83D\uDE00",
    "\uD83D\uDC69\u200D\uD83D\uDC69", // emoji, one and joined
    "1",
    "42",
    "½",
    "Ⅷ",
    "٣",
    "'",
    "'s",
    "'t",
    "'re",
    "'ve",
    "'m",
    "'ll",
    "'d",
    "'S",
    "'r",
    "'v",
    "'l",
    "’s",
    " ",
    " ",
    " ",
    "  ",
    "   ",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    " \n ",
    "\u00a0",
    "\u2003",
    "\u0085",
    "\u000b",
    "\u001c",
    "\u200b",
    "\u3000",
    "\ufeff",
    "\0",
    "!",
    "...",
    "-----",
    "==",
    "<|endoftext|>",
    "<|endoftext|",
    "<|endof",
    "text|>",
    "<",
    "<|",
    "|>",
    "{\"k\":",
    "_",
    "\u0301"
  };
  private static final String[] RUNS = {
    "a",
    "ab",
    "aA",
    "ACGT",
    "etaoin",
    "中",
    "0123456789",
    "-",
    "-=",
    "é",
    " ",
    " \n",
    "\n",
    "'",
    "\uD83D\uDE00"
  };

  private RandomText() {}

  static String mixed(SplittableRandom random, int parts) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < parts; i++) {
      switch (random.nextInt(20)) {
        case 0 -> text.appendCodePoint(codePoint(random));
        case 1 -> text.append(run(random, random.nextInt(1, 120)));
        default -> text.append(PARTS[random.nextInt(PARTS.length)]);
      }
    }
    return text.toString();
  }

  /** Characters of one alphabet, in random order or repeated. */
  static String run(SplittableRandom random, int length) {
    String alphabet = RUNS[random.nextInt(RUNS.length)];
    int[] codePoints = alphabet.codePoints().toArray();
    boolean repeated = random.nextBoolean();
    StringBuilder run = new StringBuilder();
    for (int i = 0; i < length; i++) {
      run.appendCodePoint(
          codePoints[repeated ? i % codePoints.length : random.nextInt(codePoints.length)]);
    }
    return run.toString();
  }

  private static int codePoint(SplittableRandom random) {
    int bits = random.nextInt(7, 21);
    int codePoint = random.nextInt(Math.min(1 << bits, Character.MAX_CODE_POINT + 1));
    return codePoint >= 0xD800 && codePoint <= 0xDFFF ? 'z' : codePoint;
  }
}
