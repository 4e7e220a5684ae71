package dev.embedcl.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Gpt2TokenizerTest {
  private static final Gpt2Tokenizer TOKENIZER = Gpt2Tokenizer.load();
  private static final ReferenceBpe REFERENCE = new ReferenceBpe();

  @Test
  void givesTheIdsOfGpt2() {
    assertThat(
            TOKENIZER.encode(
                "Hello, do you like tea? <|endoftext|> In the sunlit terraces of"
                    + " someunknownPlace."))
        .containsExactly(
            15496, 11, 466, 345, 588, 8887, 30, 220, 50256, 554, 262, 4252, 18250, 8812, 2114, 286,
            617, 34680, 27271, 13);
    assertThat(TOKENIZER.encode("Akwirw ier")).containsExactly(33901, 86, 343, 86, 220, 959);
    assertThat(TOKENIZER.encode("Hello, world!")).containsExactly(15496, 11, 995, 0);
    assertThat(TOKENIZER.encode("\n\n")).containsExactly(628);
    assertThat(TOKENIZER.encode("")).isEmpty();
  }

  @Test
  void hasTheVocabularyOfGpt2() {
    assertThat(TOKENIZER.vocabularySize()).isEqualTo(50257);
    assertThat(TOKENIZER.endOfTextId()).isEqualTo(50256);
    assertThat(TOKENIZER.encode("<|endoftext|>")).containsExactly(50256);
    assertThat(TOKENIZER.encode("<|endoftext|><|endoftext|>")).containsExactly(50256, 50256);
    assertThat(TOKENIZER.decode(15496, 11, 995, 0, 50256)).isEqualTo("Hello, world!<|endoftext|>");
  }

  @Test
  void everyTokenEncodesToItself() {
    // Holds for the vocabulary's bytes; as text only where they are whole characters of one piece.
    int checked = 0;
    for (int id = 0; id < TOKENIZER.vocabularySize(); id++) {
      String text = TOKENIZER.decode(id);
      if (text.indexOf('\uFFFD') < 0) {
        assertThat(TOKENIZER.encode(text)).as(text).containsExactly(id);
        checked++;
      }
    }
    assertThat(checked).isGreaterThan(49_000);
  }

  @Test
  void equalsThePlainReferenceOnRandomTexts() {
    for (long seed = 0; seed < 800; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      String text = RandomText.mixed(random, random.nextInt(1, 60));
      assertThat(TOKENIZER.encode(text)).as("seed %d", seed).isEqualTo(REFERENCE.encode(text));
    }
  }

  @Test
  void roundTripsEveryText() {
    for (long seed = 10_000; seed < 10_300; seed++) {
      String text = RandomText.mixed(new SplittableRandom(seed), 100);
      assertThat(TOKENIZER.decode(TOKENIZER.encode(text))).as("seed %d", seed).isEqualTo(text);
    }
  }

  @Test
  void streamGivesTheSameIdsAndCountsCodePoints() throws IOException {
    String text = "a\uD83D\uDE00é <|endoftext|>b".repeat(20_000);
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    IntStream.Builder ids = IntStream.builder();

    EncodedLength length = TOKENIZER.encode(new ByteArrayInputStream(utf8), ids::add);

    int[] whole = TOKENIZER.encode(text);
    assertThat(ids.build().toArray()).isEqualTo(whole);
    assertThat(length)
        .isEqualTo(new EncodedLength(text.codePointCount(0, text.length()), whole.length));
  }

  @Test
  void byteOrderMarkAndLineEndsStay(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("text.txt");
    Files.write(file, "\uFEFFa\r\nb".getBytes(StandardCharsets.UTF_8));
    IntStream.Builder ids = IntStream.builder();

    TOKENIZER.encode(file, ids::add);

    assertThat(TOKENIZER.decode(ids.build().toArray())).isEqualTo("\uFEFFa\r\nb");
  }

  @Test
  void malformedByteIsNamedByItsOffset() {
    byte[] latin1 = "caf\u00e9 au lait".getBytes(StandardCharsets.ISO_8859_1);

    assertThatThrownBy(() -> TOKENIZER.encode(new ByteArrayInputStream(latin1), id -> {}))
        .isInstanceOf(MalformedUtf8Exception.class)
        .hasMessageContaining("byte 3 (0xE9) is not valid UTF-8")
        .hasMessageContaining("iconv");
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc\uD83D", "abc\uD83D def", "abc\uDE00 def", "abc\uD83D\uD83D\uDE00"})
  void halfASurrogatePairIsNamedByItsIndex(String text) {
    assertThatThrownBy(() -> TOKENIZER.encode(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("text[3] = U+D");
  }

  @Test
  void sinksExceptionStopsTheStream() {
    IOException full = new IOException("disk full");

    assertThatThrownBy(() ->
            TOKENIZER.encode(
                new StringReader("a b c"),
                id -> {
                  throw full;
                }))
        .isSameAs(full);
  }

  @Test
  void manyThreadsShareOneTokenizer() {
    String text = RandomText.mixed(new SplittableRandom(5), 1_000);
    int[] expected = TOKENIZER.encode(text);

    assertThat(IntStream.range(0, 16).parallel().mapToObj(i -> TOKENIZER.encode(text)))
        .allSatisfy(ids -> assertThat(ids).isEqualTo(expected));
  }

  @Test
  void unknownIdIsNamed() {
    assertThatThrownBy(() -> TOKENIZER.decode(0, 50257))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("ids[1] = 50257 is out of range [0, 50257), GPT-2's vocabulary");
    assertThatThrownBy(() -> TOKENIZER.decode(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void partOfACharacterDecodesToReplacementAndKeepsItsBytes() {
    int[] ids = TOKENIZER.encode("\uD83E\uDD84");
    assertThat(ids.length).isGreaterThan(1);

    assertThat(TOKENIZER.decode(ids[0])).contains("\uFFFD");
    assertThat(TOKENIZER.decodeBytes(ids))
        .isEqualTo("\uD83E\uDD84".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void withoutJtokkitTheErrorSaysWhatToAdd() throws Exception {
    URL classes = Gpt2Tokenizer.class.getProtectionDomain().getCodeSource().getLocation();
    try (URLClassLoader alone =
        new URLClassLoader(new URL[] {classes}, ClassLoader.getPlatformClassLoader())) {
      Class<?> tokenizer = alone.loadClass(Gpt2Tokenizer.class.getName());
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(() -> tokenizer.getMethod("load").invoke(null))
            .cause()
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("com.knuddels:jtokkit");
      }
    }
  }
}
