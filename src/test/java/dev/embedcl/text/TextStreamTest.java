package dev.embedcl.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TextStreamTest {
  private static final Gpt2Vocabulary VOCABULARY = new Gpt2Vocabulary();
  private static final ReferenceBpe REFERENCE = new ReferenceBpe();

  @Test
  void streamThroughAnyBufferEqualsTheWholeText() throws IOException {
    for (long seed = 0; seed < 1_200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      String text = RandomText.mixed(random, random.nextInt(1, 80));
      int bufferChars = random.nextInt(32, 100);

      assertThat(stream(new StringReader(text), bufferChars))
          .as("seed %d, buffer %d", seed, bufferChars)
          .isEqualTo(REFERENCE.encode(text));
    }
  }

  @Test
  void everyCutOfADelicateTextIsHarmless() throws IOException {
    String delicate =
        "we'll<|endoftext|>  \n <|endoftext|> they've \uD83D\uDE00\uD83D\uDE00   x <|endoftext|"
            + " 's'''re <<|endoftext|>>\r\n\r\n  ";
    for (int padding = 0; padding < 40; padding++) {
      for (String filler : new String[] {"a", " ", "-", "\uD83D\uDE00", "'"}) {
        String text = filler.repeat(padding) + delicate + filler.repeat(padding);
        assertThat(stream(new StringReader(text), 32))
            .as("%d of '%s'", padding, filler)
            .isEqualTo(REFERENCE.encode(text));
      }
    }
  }

  @Test
  void readerThatGivesOneUnitAtATimeChangesNothing() throws IOException {
    for (long seed = 0; seed < 300; seed++) {
      String text = RandomText.mixed(new SplittableRandom(seed), 40);
      Reader trickle =
          new FilterReader(new StringReader(text)) {
            @Override
            public int read(char[] target, int offset, int length) throws IOException {
              return super.read(target, offset, Math.min(1, length));
            }
          };
      assertThat(stream(trickle, 48)).as("seed %d", seed).isEqualTo(REFERENCE.encode(text));
    }
  }

  @Test
  void runsLongerThanTheBufferEndWhereTheyShould() throws IOException {
    String[] runs = {"a", " ", "\n", " \n", "-", "7", "\uD83D\uDE00", "中"};
    String[] follows = {"", "b", " b", "!", " ", "\n", "3", "<|endoftext|>", "<|endoftext|> x"};
    for (String run : runs) {
      for (String follow : follows) {
        for (int length = 40; length < 80; length += 7) {
          String text = " " + run.repeat(length) + follow;
          assertThat(stream(new StringReader(text), 32))
              .as("%d of '%s' before '%s'", length, run, follow)
              .isEqualTo(REFERENCE.encode(text));
        }
      }
    }
  }

  private static int[] stream(Reader reader, int bufferChars) throws IOException {
    IntStream.Builder ids = IntStream.builder();
    new TextStream(VOCABULARY, ids::add, bufferChars).encode(reader);
    return ids.build().toArray();
  }
}
